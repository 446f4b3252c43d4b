import { describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.js";
import { productionWarnings } from "../src/production.js";

const good = {
  NODE_ENV: "production",
  WEBHOOK_SECRETS: "secret",
  DATABASE_URL: "mysql://app:app@localhost/app",
  RETENTION_DAYS: "365",
  REDIS_URL: "redis://localhost",
  TRUSTED_PROXIES: "1",
};

describe("a service in production", () => {
  it("warns of nothing where all is set up", () => {
    expect(productionWarnings(loadConfig(good))).toEqual([]);
  });

  it.each([
    ["WEBHOOK_SIGNATURE_MODE", "report-only"],
    ["CORS_ORIGINS", "*"],
    ["GRAPHQL_INTROSPECTION", "true"],
    ["GRAPHQL_EXPLORER", "true"],
    ["DATABASE_URL", "sqlite:x.sqlite"],
    ["DATABASE_URL", "mysql://app:app@db.example/app"],
    ["DATABASE_READ_URL", "mysql://app:app@db.example/app"],
    ["RETENTION_DAYS", ""],
    ["REDIS_URL", ""],
    ["TRUSTED_PROXIES", "0"],
  ])("warns where %s is %s", (name, value) => {
    expect(productionWarnings(loadConfig({ ...good, [name]: value }))).toHaveLength(1);
    expect(productionWarnings(loadConfig({ ...good, [name]: value, NODE_ENV: "test" }))).toEqual([]);
  });

  it.each([
    [{ JWT_SECRET: "short" }, "JWT_SECRET: must have at least 32 bytes"],
    [{ JWT_JWKS_URL: "http://example.com/keys" }, "JWT_JWKS_URL: must be an https:// URL"],
    [{ JWT_JWKS_URL: "https://example.com/keys" }, "both needed with JWT_JWKS_URL"],
    [
      { JWT_JWKS_URL: "https://example.com/keys", JWT_SECRET: "0123456789abcdef0123456789abcdef" },
      "must not be set together",
    ],
    [{ WEBHOOK_SECRETS: "" }, "WEBHOOK_SECRETS: needed"],
  ])("does not start with %o", (wrong, message) => {
    expect(() => loadConfig({ ...good, ...wrong })).toThrow(message);
  });
});
