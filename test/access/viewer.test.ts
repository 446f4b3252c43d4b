import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jwtSecret, makeKey, organizationA, socketClient, token } from "../support/callers.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

const query = `{ viewer { id name role organizationId masked expiresAt limits {
  requests { limit remaining resetsAt } cost { limit remaining resetsAt } maxCost maxDepth maxAliases
  connections { open allowed } subscriptions { open allowed } maxSubscriptionsPerConnection } } }`;

interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetsAt: string;
}

interface Viewer {
  readonly limits: {
    readonly requests: Allowance;
    readonly cost: Allowance;
    readonly connections: object;
    readonly subscriptions: object;
  };
}

describe("the viewer", () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    await makeKey(database);
    const settings = { RATE_LIMIT_REQUESTS: "50", RATE_LIMIT_COST: "1000", SUBSCRIPTIONS_PER_KEY: "7" };
    const more = { SOCKETS_PER_KEY: "3", SUBSCRIPTIONS_PER_SOCKET: "5", JWT_SECRET: jwtSecret };
    const jwt = { JWT_ISSUER: "tests", JWT_AUDIENCE: "conversation-agent-api" };
    service = await startService({ ...settings, ...more, ...jwt, GRAPHQL_MAX_COST: "800" }, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const read = async (headers: Record<string, string>) => {
    const result = await service.query<{ viewer: Viewer }>(query, {}, headers);
    expect(result.errors).toBeUndefined();
    return { ...result.data.viewer, spent: Number(result.extensions?.cost), text: JSON.stringify(result) };
  };

  it("is the holder of a key, told without its secret", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    const { header, prefix, text } = await makeKey(database, { role: "masked_reader", expiresAt });
    const viewer = await read(header);
    expect(viewer).toMatchObject({
      id: `key:${prefix}`,
      name: "test",
      role: "MASKED_READER",
      organizationId: organizationA,
      masked: true,
      expiresAt: expiresAt.toISOString(),
    });
    expect(viewer.text).not.toContain(text.slice(-12));
    const operator = await read((await makeKey(database, { role: "operator" })).header);
    expect(operator).toMatchObject({
      role: "OPERATOR",
      organizationId: null,
      masked: false,
      expiresAt: null,
    });
  });

  it("is the subject of a token", async () => {
    const jwt = await token({ role: "reader", organization_id: organizationA });
    const viewer = await read({ Authorization: `Bearer ${jwt}` });
    expect(viewer).toMatchObject({
      id: expect.stringMatching(/^jwt:somebody@[0-9a-f]{16}$/),
      name: null,
      role: "READER",
      organizationId: organizationA,
      masked: false,
      expiresAt: expect.any(String),
    });
  });

  it("sees what is left of its limits, after each operation", async () => {
    const { header } = await makeKey(database);
    const { header: other } = await makeKey(database);
    const first = await read(header);
    expect(first.limits).toMatchObject({
      requests: { limit: 50, remaining: 49 },
      cost: { limit: 1_000, remaining: 1_000 - first.spent },
      maxCost: 800,
      maxDepth: 12,
      maxAliases: 50,
      maxSubscriptionsPerConnection: 5,
    });
    const wait = Date.parse(first.limits.cost.resetsAt) - Date.now();
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60_000);
    const costly = await service.query("{ sessions(first: 10) { nodes { id } } }", {}, header);
    expect((await read(header)).limits).toMatchObject({
      requests: { remaining: 47 },
      cost: { remaining: 1_000 - 2 * first.spent - Number(costly.extensions?.cost) },
    });
    expect((await read(other)).limits.requests.remaining).toBe(49);
  });

  it("sees its own open connections and subscriptions", async () => {
    const { header } = await makeKey(database);
    const { header: other } = await makeKey(database);
    const client = socketClient(service, header);
    const stream = client.iterate({ query: "subscription { sessionAnalyzed { cursor } }" });
    const waiting = stream.next();
    await expect
      .poll(async () => (await read(header)).limits)
      .toMatchObject({ connections: { open: 1, allowed: 3 }, subscriptions: { open: 1, allowed: 7 } });
    expect((await read(other)).limits).toMatchObject({
      connections: { open: 0 },
      subscriptions: { open: 0 },
    });
    await client.dispose();
    await waiting;
    await expect
      .poll(async () => (await read(header)).limits)
      .toMatchObject({ connections: { open: 0 }, subscriptions: { open: 0 } });
  });

  it("is not counted on an open service", async () => {
    const open = await startService();
    const { data } = await open.query(query);
    expect(data).toMatchObject({
      viewer: {
        id: "local",
        name: null,
        role: "OPERATOR",
        organizationId: null,
        limits: {
          requests: null,
          cost: null,
          connections: { open: 0, allowed: null },
          subscriptions: { open: 0, allowed: null },
        },
      },
    });
    await open.stop();
  });

  it.runIf(process.env.TEST_REDIS_URL !== undefined)("sees what is left on all instances", async () => {
    const shared = await createTestDatabase();
    const { header } = await makeKey(shared);
    const settings = { REDIS_URL: process.env.TEST_REDIS_URL ?? "", RATE_LIMIT_REQUESTS: "10" };
    const services = [await startService(settings, shared), await startService(settings, shared)];
    const left = [];
    for (const each of services) {
      const { data } = await each.query<{ viewer: Viewer }>(query, {}, header);
      left.push(data.viewer.limits.requests.remaining);
    }
    expect(left).toEqual([9, 8]);
    for (const each of services) await each.stop();
    await shared.drop();
  });
});
