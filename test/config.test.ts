import { describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.js";
import { ConfigurationError } from "../src/errors.js";

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    return error instanceof ConfigurationError ? error.problems : [String(error)];
  }
}

describe("loadConfig", () => {
  it("needs nothing: without settings it keeps its data in a file and verifies no signatures", () => {
    const config = loadConfig({});
    expect(config.database).toEqual({ kind: "file", file: ".data/conversation-agent-api.sqlite" });
    expect(config.webhook.signatureMode).toBe("off");
    expect(config.port).toBe(4000);
  });

  it("reads a log level for all parts, and others for some", () => {
    expect(loadConfig({})).toMatchObject({ logLevel: "info", partLogLevels: {} });
    expect(loadConfig({ LOG_LEVEL: "warn, webhook=info,feed=debug" })).toMatchObject({
      logLevel: "warn",
      partLogLevels: { webhook: "info", feed: "debug" },
    });
    expect(problemsOf({ LOG_LEVEL: "info,kitchen=warn" })).toEqual([
      expect.stringMatching(/^LOG_LEVEL: must be a level .* or PART=LEVEL .*webhook/),
    ]);
  });

  it("takes empty variables for absent ones", () => {
    expect(problemsOf({ PORT: "", DATABASE_URL: "", REDIS_URL: "" })).toEqual([]);
  });

  it("names every wrong variable at once, and repeats no value", () => {
    const problems = problemsOf({
      PORT: "http",
      DATABASE_URL: "postgres://user:hunter2@db/app",
      WEBHOOK_SIGNATURE_MODE: "maybe",
      SEARCH: "false",
      LOG_LEVEL: "loud",
    });
    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      "PORT",
      "DATABASE_URL",
      "SEARCH",
      "WEBHOOK_SIGNATURE_MODE",
      "LOG_LEVEL",
    ]);
    expect(problems.join()).not.toContain("hunter2");
  });

  it("enforces signatures as soon as there is a secret", () => {
    expect(loadConfig({ WEBHOOK_SECRETS: "one, two" }).webhook).toMatchObject({
      secrets: ["one", "two"],
      signatureMode: "enforce",
    });
  });

  it("refuses a database URL that names no database", () => {
    expect(problemsOf({ DATABASE_READ_URL: "mysql://localhost/app" })[0]).toMatch(
      /^DATABASE_READ_URL: must name a replica/,
    );
    expect(problemsOf({ DATABASE_URL: "mysql://localhost/" })[0]).toMatch(/^DATABASE_URL: must be mysql/);
  });
});
