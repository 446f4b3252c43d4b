import "reflect-metadata";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import {
  eventOf,
  jwtSecret,
  makeKey,
  organizationA,
  organizationB,
  rawSocket,
  revokeKey,
  token,
} from "../support/callers.js";

const subscription = "subscription { sessionEvents { session { id } } }";

describe("a socket", () => {
  let database: TestDatabase;
  let service: TestService;
  let other: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = { JWT_SECRET: jwtSecret };
    service = await startService(environment, database);
    other = await startService(environment, database);
  });
  afterAll(async () => {
    await service.stop();
    await other.stop();
    await database.drop();
  });

  const opened = async (on: TestService, payload: Record<string, unknown>) => {
    const socket = await rawSocket(on);
    socket.send({ type: "connection_init", payload });
    await expect.poll(() => socket.received.some(({ type }) => type === "connection_ack")).toBe(true);
    return socket;
  };

  it.each([
    ["nothing", {}],
    ["a wrong key", { Authorization: `Bearer caa_00000000_${"0".repeat(64)}` }],
    ["a wrong token", { token: "x.y.z" }],
  ])("is closed with 4403 where connection_init carries %s", async (_name, payload) => {
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload });
    expect(await socket.closed).toEqual({ code: 4403, reason: "Forbidden" });
  });

  it("is closed with 4401 where it subscribes before connection_init", async () => {
    const socket = await rawSocket(service);
    socket.send({ type: "subscribe", id: "1", payload: { query: subscription } });
    expect((await socket.closed).code).toBe(4401);
  });

  it("is closed with 4408 where no connection_init comes", async () => {
    const socket = await rawSocket(service);
    expect((await socket.closed).code).toBe(4408);
  });

  it("takes the key as Authorization, authorization or token", async () => {
    const { text, header } = await makeKey(database);
    for (const payload of [header, { authorization: header.Authorization }, { token: text }]) {
      const { socket, closed } = await opened(service, payload);
      socket.close(1000);
      await closed;
    }
  });

  it("hears of its organization's sessions alone", async () => {
    const { header } = await makeKey(database, { organization: organizationB });
    const socket = await opened(service, header);
    socket.send({ type: "subscribe", id: "1", payload: { query: subscription } });
    await delay(200);
    await service.post(await eventOf(organizationA, "a9"));
    await service.post(await eventOf(organizationB, "b9"));
    await expect.poll(() => socket.received.filter(({ type }) => type === "next").length).toBe(1);
    expect(JSON.stringify(socket.received)).not.toContain("a9d8d3f6");
    socket.socket.close();
  });

  it("is closed within seconds on every instance once its key is revoked, and no other is", async () => {
    const [revoked, kept] = [await makeKey(database), await makeKey(database)];
    const sockets = await Promise.all([opened(service, revoked.header), opened(other, revoked.header)]);
    const staying = await opened(other, kept.header);
    for (const { send } of [...sockets, staying])
      send({ type: "subscribe", id: "1", payload: { query: subscription } });
    await revokeKey(database, revoked.prefix);
    const closed = await Promise.race([Promise.all(sockets.map((each) => each.closed)), delay(8_000)]);
    expect(closed).toEqual([
      { code: 4403, reason: "Forbidden" },
      { code: 4403, reason: "Forbidden" },
    ]);
    expect(staying.socket.readyState).toBe(1);
    staying.socket.close();
  });

  it("of an open service is closed within seconds once the first key is made", async () => {
    const unlocked = await startService();
    const { closed } = await opened(unlocked, {});
    const url = `${unlocked.url}/graphql/stream?${new URLSearchParams({ query: subscription }).toString()}`;
    const cut = expect((await fetch(url)).text()).rejects.toThrow("terminated");
    await makeKey(unlocked.database);
    expect(await Promise.race([closed, delay(8_000)])).toEqual({ code: 4403, reason: "Forbidden" });
    await cut;
    await unlocked.stop();
  });

  it("is closed once its token expires", async () => {
    const claims = { role: "reader", organization_id: organizationA };
    // The token is within the tolerance of clocks for some seconds more.
    const socket = await opened(service, { token: await token(claims, { expires: "-2s" }) });
    socket.send({ type: "subscribe", id: "1", payload: { query: subscription } });
    expect(await Promise.race([socket.closed, delay(10_000)])).toMatchObject({ code: 4403 });
  });

  it("is not opened from a page of another origin", async () => {
    await expect(rawSocket(service, { Origin: "https://evil.example" })).rejects.toThrow("403");
    const same = await rawSocket(service, { Origin: service.url });
    same.socket.close();
  });
});
