import "reflect-metadata";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { jwtSecret, makeKey, onDatabase, organizationA, revokeKey, token } from "../support/callers.js";
import { builtCommand } from "../support/built-command.js";

const query = "{ sessions { totalCount } }";

describe("who may come in", () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService(
      {
        JWT_SECRET: jwtSecret,
        JWT_ISSUER: "tests",
        JWT_AUDIENCE: "conversation-agent-api",
        RATE_LIMIT_FAILURES: "10000",
      },
      database,
    );
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const statusWith = async (authorization: string | undefined) => {
    const { status, errors } = await service.query(
      query,
      {},
      authorization === undefined ? {} : { Authorization: authorization },
    );
    return { status, code: errors?.[0]?.extensions.code };
  };
  const refused = { status: 401, code: "UNAUTHENTICATED" };
  const admitted = { status: 200, code: undefined };

  it("refuses whoever says nothing, with 401 and WWW-Authenticate", async () => {
    expect(await statusWith(undefined)).toEqual(refused);
    const response = await fetch(`${service.url}/graphql?query=${query}`);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    await response.body?.cancel();
  });

  it("admits a key and refuses it with one character changed, without its prefix, or under another scheme", async () => {
    const { text } = await makeKey(database);
    expect(await statusWith(`Bearer ${text}`)).toEqual(admitted);
    expect(await statusWith(`bearer ${text}`)).toEqual(admitted);
    const last = text.endsWith("0") ? "1" : "0";
    for (const wrong of [
      `Bearer ${text.slice(0, -1)}${last}`,
      `Bearer ${text.slice(4)}`,
      `Basic ${text}`,
      text,
      "Bearer",
    ]) {
      expect(await statusWith(wrong)).toEqual(refused);
    }
  });

  it("refuses an expired key, and a revoked one within seconds", async () => {
    const expired = await makeKey(database, { expiresAt: new Date(Date.now() - 1_000) });
    expect(await statusWith(`Bearer ${expired.text}`)).toEqual(refused);
    const { text, prefix } = await makeKey(database);
    expect(await statusWith(`Bearer ${text}`)).toEqual(admitted);
    await revokeKey(database, prefix);
    await expect.poll(() => statusWith(`Bearer ${text}`), { timeout: 5_000 }).toEqual(refused);
  });

  it("keeps of a key no more than its hash, and notes its last use", async () => {
    const { text, prefix } = await makeKey(database);
    await statusWith(`Bearer ${text}`);
    const rows = async () =>
      await onDatabase(database, (opened) =>
        opened.read<Record<string, unknown>>("SELECT * FROM api_keys WHERE prefix = ?", [prefix]),
      );
    await expect.poll(async () => (await rows())[0]?.last_used_at).toBeTruthy();
    expect(JSON.stringify(await rows())).not.toContain(text.slice(-64));
  });

  it("admits a token with the claims it needs", async () => {
    const claims = { role: "reader", organization_id: organizationA };
    expect(await statusWith(`Bearer ${await token(claims)}`)).toEqual(admitted);
    const operator = { role: "operator", organizations: "all" };
    expect(await statusWith(`Bearer ${await token(operator)}`)).toEqual(admitted);
  });

  it.each([
    ["without a role", { organization_id: organizationA }],
    ["of an unknown role", { role: "admin", organization_id: organizationA }],
    ["without an organization", { role: "reader" }],
    [
      "of one organization and of all",
      { role: "reader", organization_id: organizationA, organizations: "all" },
    ],
    ["of an operator of one organization", { role: "operator", organization_id: organizationA }],
    ["of another audience", { role: "reader", organization_id: organizationA, aud: "other" }],
  ])("refuses a token %s", async (_name, claims: Record<string, string>) => {
    const wrongAudience = "aud" in claims;
    const text = wrongAudience
      ? await new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256" })
          .setSubject("somebody")
          .setIssuer("tests")
          .setExpirationTime("5m")
          .sign(new TextEncoder().encode(jwtSecret))
      : await token(claims);
    expect(await statusWith(`Bearer ${text}`)).toEqual(refused);
  });

  it("refuses a token that is expired, signed with another secret or algorithm, or not signed", async () => {
    const claims = { role: "reader", organization_id: organizationA };
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(
      JSON.stringify({
        ...claims,
        sub: "x",
        iss: "tests",
        aud: "conversation-agent-api",
        exp: 9_999_999_999,
      }),
    ).toString("base64url")}.`;
    for (const text of [
      await token(claims, { expires: "-1m" }),
      await token(claims, { secret: "another secret of thirty-two bytes" }),
      await token(claims, { algorithm: "HS512", secret: jwtSecret.repeat(2) }),
      unsigned,
    ]) {
      expect(await statusWith(`Bearer ${text}`)).toEqual(refused);
    }
  });

  it("leaves health checks and webhooks open, and nothing else", async () => {
    for (const path of ["/healthz", "/readyz"]) {
      expect((await fetch(`${service.url}${path}`)).status).toBe(200);
    }
    expect((await service.post({ event: "x" })).status).toBe(202);
    for (const path of ["/elsewhere", "/graphql/stream", "/export/sessions.ndjson", "/anything"]) {
      expect((await fetch(`${service.url}${path}`)).status).toBe(401);
    }
  });
});

describe("tokens of an identity provider", () => {
  it("verifies them with its published keys, and no token signed with the public key as a secret", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" };
    const provider = createServer((_request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => {
      provider.listen(0, "127.0.0.1", resolve);
    });
    const { port } = provider.address() as AddressInfo;
    const service = await startService({
      JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
      JWT_ISSUER: "tests",
      JWT_AUDIENCE: "conversation-agent-api",
    });
    const sign = (alg: string, key: Parameters<SignJWT["sign"]>[0]) =>
      new SignJWT({ role: "reader", organization_id: organizationA })
        .setProtectedHeader({ alg, kid: "1" })
        .setSubject("somebody")
        .setIssuer("tests")
        .setAudience("conversation-agent-api")
        .setExpirationTime("5m")
        .sign(key);
    const good = { Authorization: `Bearer ${await sign("ES256", privateKey)}` };
    const forged = await sign("HS256", new TextEncoder().encode(JSON.stringify(jwk)));
    expect((await service.query(query, {}, good)).status).toBe(200);
    expect((await service.query(query, {}, { Authorization: `Bearer ${forged}` })).status).toBe(401);
    await service.stop();
    provider.close();
  });
});

describe("an identity provider that fails", () => {
  it("is an outage, and no failed attempt of whoever asks", async () => {
    let answer = { status: 500, text: "" };
    const provider = createServer((_request, response) => {
      response.writeHead(answer.status, { "Content-Type": "application/json" }).end(answer.text);
    });
    await new Promise<void>((resolve) => {
      provider.listen(0, "127.0.0.1", resolve);
    });
    const { port } = provider.address() as AddressInfo;
    const service = await startService({
      JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
      JWT_ISSUER: "tests",
      JWT_AUDIENCE: "conversation-agent-api",
      RATE_LIMIT_FAILURES: "1",
    });
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const signed = await new SignJWT({ role: "reader", organization_id: organizationA })
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setSubject("somebody")
      .setIssuer("tests")
      .setAudience("conversation-agent-api")
      .setExpirationTime("5m")
      .sign(privateKey);
    const ask = async () => await service.query(query, {}, { Authorization: `Bearer ${signed}` });
    const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" };
    for (answer of [
      { status: 500, text: "{}" },
      { status: 200, text: "<html>" },
      { status: 200, text: "[]" },
      { status: 200, text: JSON.stringify({ keys: [{ ...jwk, x: "broken" }] }) },
    ]) {
      const { status, errors } = await ask();
      expect([answer.text, status, errors?.[0]?.extensions.code]).toEqual([
        answer.text,
        503,
        "SERVICE_UNAVAILABLE",
      ]);
    }
    await service.stop();
    provider.close();
  });
});

describe("a service without keys", () => {
  it("serves this machine alone, and is closed by the first key that is made", async () => {
    const database = await createTestDatabase();
    const service = await startService({}, database);
    expect((await service.query(query)).status).toBe(200);
    const key = await makeKey(database);
    await expect.poll(async () => (await service.query(query)).status, { timeout: 5_000 }).toBe(401);
    expect((await service.query(query, {}, key.header)).status).toBe(200);
    await revokeKey(database, key.prefix);
    await service.restart();
    expect((await service.query(query)).status).toBe(401);
    await service.stop();
    await database.drop();
  });

  it("does not serve a page whose name was pointed at this machine", async () => {
    const service = await startService();
    const { request } = await import("node:http");
    const status = await new Promise((resolve) => {
      request(`${service.url}/graphql?query=${encodeURIComponent(query)}`, {
        headers: { Host: "evil.example", "apollo-require-preflight": "1" },
      })
        .on("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .end();
    });
    expect(status).toBe(403);
    await service.stop();
  });

  it("does not start in production, or on an address that others can reach", async () => {
    const production = startService({ NODE_ENV: "production", WEBHOOK_SECRETS: "secret" });
    await expect(production).rejects.toThrow("NODE_ENV=production needs callers to authenticate");
    await expect(startService({ HOST: "0.0.0.0" })).rejects.toThrow("only this machine is served");
  });

  it("starts in production once there is a key", async () => {
    const database = await createTestDatabase();
    await makeKey(database);
    const service = await startService({ NODE_ENV: "production", WEBHOOK_SECRETS: "secret" }, database);
    expect((await service.query(query)).status).toBe(401);
    await service.stop();
    await database.drop();
  });
});

describe("npm run keys", () => {
  it("prints a key once, lists it without its secret, and revokes it", async () => {
    const database = await createTestDatabase();
    const run = async (...options: string[]) =>
      await promisify(execFile)(process.execPath, [builtCommand("keys"), ...options], {
        env: { ...process.env, DATABASE_URL: database.url },
      });
    const { stdout } = await run("create", "--name", "tests", "--role", "operator");
    const key = stdout.trim();
    expect(key).toMatch(/^caa_[0-9a-f]{8}_[0-9a-f]{64}$/);
    const service = await startService({}, database);
    const headers = { Authorization: `Bearer ${key}` };
    expect((await service.query(query, {}, headers)).status).toBe(200);
    const listed = await run("list");
    expect(listed.stdout).toContain(key.slice(4, 12));
    expect(listed.stdout + listed.stderr).not.toContain(key.slice(13));
    await run("revoke", key.slice(4, 12));
    await expect
      .poll(async () => (await service.query(query, {}, headers)).status, { timeout: 5_000 })
      .toBe(401);
    await expect(
      run("create", "--name", "x", "--role", "operator", "--organization", organizationA),
    ).rejects.toThrow();
    await service.stop();
    await database.drop();
  });
});
