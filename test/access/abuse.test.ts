import "reflect-metadata";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateApiKey } from "../../src/access/api-key.js";
import { ApiKeyStore } from "../../src/store/api-keys.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { makeKey, rawSocket } from "../support/callers.js";

/** 10,000 with ABUSE_SOCKETS=10000, where the machine allows so many open files. */
const manySockets = Number(process.env.ABUSE_SOCKETS ?? 300);
const socketsPerKey = Math.floor(manySockets / 3);

const bombs: readonly (readonly [string, string, string])[] = [
  [
    "a depth bomb",
    `{ sessions(first: 1) { nodes { ${"agentVersion { sessions(first: 1) { nodes { ".repeat(8)} id ${"} } }".repeat(8)} } } }`,
    "QUERY_TOO_COMPLEX",
  ],
  [
    "an alias flood",
    `{ ${Array.from({ length: 300 }, (_, i) => `a${i}: node(id: "x") { id }`).join(" ")} }`,
    "QUERY_TOO_COMPLEX",
  ],
  [
    "a directive flood",
    `{ sessions ${"@include(if: true) ".repeat(500)} { totalCount } }`,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "circular fragments",
    "{ sessions { nodes { ...a } } } fragment a on Session { id ...b } fragment b on Session { id ...a }",
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "a wide query",
    "{ sessions(first: 200) { nodes { messages(first: 200) { nodes { id } } agentVersion { sessions(first: 200) { nodes { id } } } } } }",
    "QUERY_TOO_COMPLEX",
  ],
  ["a huge first", "{ sessions(first: 1000000000) { nodes { id } } }", "QUERY_TOO_COMPLEX"],
  [
    "more tokens than anyone writes",
    `{ sessions { nodes { ${"id ".repeat(20_000)} } } }`,
    "GRAPHQL_PARSE_FAILED",
  ],
];

/** The code of the first error of a message. */
function errorCode(message: { readonly payload?: unknown } | undefined): string | undefined {
  return (message?.payload as { extensions: { code: string } }[] | undefined)?.[0]?.extensions.code;
}

describe("abuse", () => {
  let database: TestDatabase;
  let service: TestService;
  let key: Awaited<ReturnType<typeof makeKey>>;
  let innocent: { Authorization: string };
  beforeAll(async () => {
    database = await createTestDatabase();
    key = await makeKey(database);
    innocent = (await makeKey(database)).header;
    service = await startService(
      { SOCKETS_PER_KEY: String(socketsPerKey), SUBSCRIPTIONS_PER_SOCKET: "5" },
      database,
    );
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const othersAreServed = async () => {
    expect((await service.query("{ sessions { totalCount } }", {}, innocent)).status).toBe(200);
  };
  const opened = async (payload: object) => {
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload });
    await expect.poll(() => socket.received[0]?.type).toBe("connection_ack");
    return socket;
  };

  it.each(bombs)("refuses %s over HTTP", async (_name, query, code) => {
    const { errors, data } = await service.query(query, {}, key.header);
    expect(errors?.[0]?.extensions.code).toBe(code);
    expect(data).toBeUndefined();
    await othersAreServed();
  });

  it.each(bombs)("refuses %s over WebSocket, and leaves the socket open", async (_name, query, code) => {
    const { socket, received, send } = await opened(key.header);
    send({ type: "subscribe", id: "1", payload: { query } });
    await expect.poll(() => received[1]?.type).toBe("error");
    expect(errorCode(received[1])).toBe(code);
    expect(socket.readyState).toBe(1);
    socket.close();
  });

  it("refuses batches of operations", async () => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...key.header },
      body: JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: "{ sessions { totalCount } }" }))),
    });
    expect(response.status).toBe(400);
    await response.body?.cancel();
  });

  it("refuses bodies and messages of more than a megabyte", async () => {
    const query = `{ sessions(filter: { language: { eq: "${"x".repeat(2_000_000)}" } }) { totalCount } }`;
    expect((await service.query(query, {}, key.header)).status).toBe(413);
    const { send, closed } = await opened(key.header);
    send({ type: "subscribe", id: "1", payload: { query } });
    expect((await closed).code).toBe(1009);
    await othersAreServed();
  });

  it.each([
    ["a text", { query: `subscription { sessionEvents { cursor } } #${"x".repeat(66_000)}` }],
    [
      "variables",
      { query: "subscription { sessionEvents { cursor } }", variables: { other: "x".repeat(66_000) } },
    ],
  ])("refuses to keep %s of more than 64 kB with a subscription", async (_name, payload) => {
    const rule = "must, with its variables, not be longer than 65536 bytes in a subscription";
    const { socket, received, send } = await opened(key.header);
    send({ type: "subscribe", id: "1", payload });
    await expect.poll(() => received[1]?.type).toBe("error");
    expect(received[1]).toMatchObject({ payload: [{ extensions: { fields: [{ field: "query", rule }] } }] });
    socket.close();
    const stream = await fetch(`${service.url}/graphql/stream`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...key.header },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(5_000),
    });
    expect(await stream.text()).toContain(rule);
    const query = `{ sessions { totalCount } } #${"x".repeat(66_000)}`;
    expect((await service.query(query, {}, key.header)).status).toBe(200);
  });

  it("closes a socket with 4400 where the id of an operation, or connection_init, is too long", async () => {
    const { send, closed } = await opened(key.header);
    send({ type: "subscribe", id: "x".repeat(256), payload: { query: "{ sessions { totalCount } }" } });
    expect(await closed).toEqual({ code: 4400, reason: "id: must not be longer than 255 characters." });
    const other = await rawSocket(service);
    other.send({ type: "connection_init", payload: { ...key.header, other: "x".repeat(66_000) } });
    expect((await other.closed).code).toBe(4400);
    await othersAreServed();
  });

  it("refuses more subscriptions on a socket than are allowed", async () => {
    const { socket, received, send } = await opened(key.header);
    for (let id = 0; id < 7; id += 1)
      send({
        type: "subscribe",
        id: String(id),
        payload: { query: "subscription { sessionEvents { cursor } }" },
      });
    await expect.poll(() => received.filter(({ type }) => type === "error").length).toBe(2);
    expect(received.find(({ type }) => type === "error")).toMatchObject({
      payload: [{ extensions: { code: "RATE_LIMITED" } }],
    });
    socket.close();
  });

  it("refuses more sockets of one key than are allowed, with 1013, and serves others", async () => {
    const greedy = await makeKey(database);
    const sockets: Awaited<ReturnType<typeof rawSocket>>[] = [];
    for (let start = 0; start < manySockets; start += 100) {
      const some = await Promise.all(
        Array.from({ length: Math.min(100, manySockets - start) }, () =>
          rawSocket(service).catch(() => undefined),
        ),
      );
      for (const socket of some) socket?.send({ type: "connection_init", payload: greedy.header });
      sockets.push(...some.filter((socket) => socket !== undefined));
    }
    const isOpen = () => sockets.filter(({ socket }) => socket.readyState === 1).length;
    await expect.poll(isOpen, { timeout: 20_000 }).toBe(socketsPerKey);
    const refused = sockets.find(({ socket }) => socket.readyState !== 1);
    expect(await refused?.closed).toEqual({ code: 1013, reason: "RATE_LIMITED" });
    await othersAreServed();
    const socket = await opened(innocent);
    socket.socket.close();
    for (const each of sockets) each.socket.terminate();
    await expect
      .poll(async () => {
        const again = await rawSocket(service);
        again.send({ type: "connection_init", payload: greedy.header });
        await delay(100);
        again.socket.close();
        return again.received[0]?.type;
      })
      .toBe("connection_ack");
  });

  it("hides its schema in production: no introspection and no suggestions, over HTTP and WebSocket", async () => {
    const production = await startService({ NODE_ENV: "production", WEBHOOK_SECRETS: "secret" }, database);
    const socket = await rawSocket(production);
    socket.send({ type: "connection_init", payload: key.header });
    await expect.poll(() => socket.received[0]?.type, { timeout: 5_000 }).toBe("connection_ack");
    for (const [id, query] of ["{ __schema { types { name } } }", "{ sesions { totalCount } }"].entries()) {
      const { errors } = await production.query(query, {}, key.header);
      socket.send({ type: "subscribe", id: String(id), payload: { query } });
      await expect.poll(() => socket.received.find((each) => each.id === String(id))?.type).toBe("error");
      const said = JSON.stringify([errors, socket.received]);
      expect(errors?.[0]?.extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
      expect(said).not.toMatch(/Did you mean|sessionStats|"sessions"/);
    }
    socket.socket.close();
    await production.stop();
  });
});

describe("the limits of a minute", () => {
  it.each([
    ["requests", { RATE_LIMIT_REQUESTS: "5" }, "{ sessions { totalCount } }"],
    ["cost", { RATE_LIMIT_COST: "500" }, "{ sessions(first: 100) { nodes { id } } }"],
  ])("hold for %s of a key, on HTTP and WebSocket together", async (_name, environment, query) => {
    const database = await createTestDatabase();
    const [key, other] = [await makeKey(database), await makeKey(database)];
    const service = await startService(environment, database);
    const codes = [];
    for (let count = 0; count < 5; count += 1)
      codes.push((await service.query(query, {}, key.header)).errors?.[0]?.extensions.code);
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...key.header },
      body: JSON.stringify({ query }),
    });
    expect(codes[0]).toBeUndefined();
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "RATE_LIMITED" } }] });
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload: key.header });
    await expect.poll(() => socket.received[0]?.type).toBe("connection_ack");
    socket.send({ type: "subscribe", id: "1", payload: { query } });
    await expect
      .poll(() => socket.received[1])
      .toMatchObject({
        type: "error",
        payload: [{ extensions: { code: "RATE_LIMITED" } }],
      });
    socket.socket.close();
    expect((await service.query(query, {}, other.header)).status).toBe(200);
    await service.stop();
    await database.drop();
  });

  it("hold for failed attempts of an address, and not for those who have a key", async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database);
    const service = await startService({ RATE_LIMIT_FAILURES: "3" }, database);
    const statuses = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await service.query("{ __typename }")).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await service.query("{ __typename }", {}, key.header)).status).toBe(200);
    await service.stop();
    await database.drop();
  });

  it("are asked of a key once, for all who come with it at once", async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database);
    const service = await startService({}, database);
    const asked = vi.spyOn(ApiKeyStore.prototype, "byPrefix");
    const crowd = Array.from({ length: 300 }, () => service.query("{ __typename }", {}, key.header));
    const statuses = (await Promise.all(crowd)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    // Once, or again where what is known of a key has grown old meanwhile.
    expect(asked.mock.calls.length).toBeLessThan(10);
    asked.mockRestore();
    await service.stop();
    await database.drop();
  });

  it("leave the service its connections, however many keys are guessed", async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database);
    const service = await startService({}, database);
    expect((await service.query("{ __typename }", {}, key.header)).status).toBe(200);
    let [atOnce, most] = [0, 0];
    const byPrefix = Reflect.get<ApiKeyStore, "byPrefix">(ApiKeyStore.prototype, "byPrefix");
    const asked = vi.spyOn(ApiKeyStore.prototype, "byPrefix").mockImplementation(async function (
      this: ApiKeyStore,
      prefix,
    ) {
      most = Math.max(most, (atOnce += 1));
      return await byPrefix.call(this, prefix).finally(() => (atOnce -= 1));
    });
    const guesses = Array.from({ length: 50 }, () =>
      service.query("{ __typename }", {}, { Authorization: `Bearer ${generateApiKey().text}` }),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 401)).toEqual([]);
    expect([asked.mock.calls.length, most]).toEqual([50, 1]);
    asked.mockRestore();
    expect((await service.query("{ __typename }", {}, key.header)).status).toBe(200);
    await service.stop();
    await database.drop();
  });

  it.runIf(process.env.TEST_REDIS_URL)("are counted together by all instances on one Redis", async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database);
    const environment = { RATE_LIMIT_REQUESTS: "4", REDIS_URL: process.env.TEST_REDIS_URL ?? "" };
    const services = [await startService(environment, database), await startService(environment, database)];
    const statuses = [];
    for (let count = 0; count < 3; count += 1) {
      for (const service of services)
        statuses.push((await service.query("{ __typename }", {}, key.header)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    for (const service of services) await service.stop();
    await database.drop();
  });
});
