import "reflect-metadata";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import {
  eventOf,
  jwtSecret,
  makeKey,
  organizationA,
  rawSocket,
  revokeKey,
  token,
} from "../support/callers.js";

const subscription = "subscription { sessionEvents { session { id } } }";

function streamOf(service: TestService, query: string, headers: Record<string, string> = {}) {
  return fetch(`${service.url}/graphql/stream?${new URLSearchParams({ query }).toString()}`, { headers });
}

/** Reads a stream in the background. */
function follow({ body }: Response) {
  const heard = { text: "", isOver: false };
  const over = (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>)
        heard.text += decoder.decode(chunk, { stream: true });
    } catch {
      // Cut, as a stream is that its caller may no longer read.
    }
    heard.isOver = true;
  })();
  return { heard, over };
}

async function expectRefusal(response: Response) {
  expect(response.status).toBe(429);
  const retryAfterSeconds = Number(response.headers.get("retry-after"));
  expect(retryAfterSeconds).toBeGreaterThan(0);
  const extensions = { code: "RATE_LIMITED", retryAfterSeconds };
  expect(await response.json()).toMatchObject({ errors: [{ extensions }] });
}

describe("an event stream", () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({ JWT_SECRET: jwtSecret }, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  it.each([
    ["nothing", {}],
    ["what browsers send for a page", { Accept: "text/html" }],
    ["a wrong key", { Authorization: `Bearer caa_00000000_${"0".repeat(64)}` }],
    ["a wrong token", { Authorization: "Bearer x.y.z" }],
  ])("is not opened with %s", async (_name, headers) => {
    const get = await streamOf(service, subscription, headers);
    const post = await fetch(`${service.url}/graphql/stream`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ query: subscription }),
    });
    for (const response of [get, post]) {
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    }
  });

  it("ends within seconds once its key is revoked, and no other does", async () => {
    const [revoked, kept] = [await makeKey(database), await makeKey(database)];
    const ending = follow(await streamOf(service, subscription, revoked.header));
    const staying = follow(await streamOf(service, subscription, kept.header));
    // Subscribing is not answered: there are new sessions until both have heard of one.
    let session = 0xa10;
    await expect
      .poll(
        async () => {
          await service.post(await eventOf(organizationA, (session++).toString(16)));
          return [ending, staying].every(({ heard }) => heard.text.includes("event: next"));
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe(true);
    await revokeKey(database, revoked.prefix);
    await Promise.race([ending.over, delay(8_000)]);
    expect([ending.heard.isOver, staying.heard.isOver]).toEqual([true, false]);
    await service.post(await eventOf(organizationA, "b1"));
    await expect.poll(() => staying.heard.text, { timeout: 10_000 }).toContain("b1d8d3f6");
    expect(ending.heard.text).not.toContain("b1d8d3f6");
    expect((await streamOf(service, subscription, revoked.header)).status).toBe(401);
  });

  it("ends within seconds once its token expires", async () => {
    const claims = { role: "reader", organization_id: organizationA };
    // The token is within the tolerance of clocks for some seconds more.
    const Authorization = `Bearer ${await token(claims, { expires: "-2s" })}`;
    const response = await streamOf(service, subscription, { Authorization });
    expect(response.status).toBe(200);
    const { heard, over } = follow(response);
    await Promise.race([over, delay(10_000)]);
    expect(heard.isOver).toBe(true);
    expect((await streamOf(service, subscription, { Authorization })).status).toBe(401);
  });
});

describe("event streams of one key", () => {
  it.each([
    ["requests", { RATE_LIMIT_REQUESTS: "2" }],
    ["cost", { RATE_LIMIT_COST: "250" }],
  ])("are refused with 429 and Retry-After beyond its %s of a minute", async (_name, environment) => {
    const database = await createTestDatabase();
    const [key, other] = [await makeKey(database), await makeKey(database)];
    const service = await startService(environment, database);
    const query = "{ sessions(first: 100) { nodes { id } } }";
    const first = await streamOf(service, query, key.header);
    expect(await first.text()).toContain('"nodes":[]');
    let last = first;
    for (let count = 0; count < 5 && last.status === 200; count += 1) {
      last = await streamOf(service, query, key.header);
      if (last.status === 200) await last.text();
    }
    await expectRefusal(last);
    expect((await streamOf(service, query, other.header)).status).toBe(200);
    await service.stop();
    await database.drop();
  });

  it("count as subscriptions of the key, together with those on its sockets", async () => {
    const database = await createTestDatabase();
    const [key, other] = [await makeKey(database), await makeKey(database)];
    const service = await startService({ SUBSCRIPTIONS_PER_KEY: "2" }, database);
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload: key.header });
    await expect.poll(() => socket.received[0]?.type).toBe("connection_ack");
    socket.send({ type: "subscribe", id: "1", payload: { query: subscription } });
    // Operations of one socket are taken in order.
    socket.send({ type: "subscribe", id: "2", payload: { query: "{ __typename }" } });
    await expect.poll(() => socket.received.filter(({ id }) => id === "2").length).toBe(2);

    const stream = await streamOf(service, subscription, key.header);
    expect(stream.status).toBe(200);
    await expectRefusal(await streamOf(service, subscription, key.header));
    socket.send({ type: "subscribe", id: "3", payload: { query: subscription } });
    await expect
      .poll(() => socket.received.find(({ id }) => id === "3"))
      .toMatchObject({ type: "error", payload: [{ extensions: { code: "RATE_LIMITED" } }] });
    const others = await streamOf(service, subscription, other.header);
    expect(others.status).toBe(200);

    await stream.body?.cancel();
    await expect
      .poll(
        async () => {
          const again = await streamOf(service, subscription, key.header);
          await again.body?.cancel();
          return again.status;
        },
        { timeout: 10_000 },
      )
      .toBe(200);
    await others.body?.cancel();
    socket.socket.close();
    await service.stop();
    await database.drop();
  });
});
