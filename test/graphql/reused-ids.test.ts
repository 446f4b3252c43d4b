import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawSocket } from "../support/callers.js";
import { heard, listen, postAnalyzed } from "../support/listening.js";
import { startService, type TestService } from "../support/service.js";
import { metric } from "../support/metrics.js";

const query = "subscription { sessionAnalyzed { session { id } } }";

describe("a socket whose client uses the ids of operations again", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  const open = async () => {
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init" });
    await expect.poll(() => socket.received[0]?.type).toBe("connection_ack");
    return socket;
  };
  const subscribe = { type: "subscribe", id: "1", payload: { query } };
  const complete = { type: "complete", id: "1" };
  const subscriptions = () => metric(service.url, "graphql_subscriptions_open");

  it("leaves one subscription of an id, which hears of each event once, and none when it closes", async () => {
    const other = await listen(service.url);
    const { socket, send, received, closed } = await open();
    for (let round = 0; round < 3; round += 1) {
      send(subscribe);
      send(complete);
    }
    send(subscribe);
    await expect.poll(subscriptions).toBe(2);
    await delay(300);
    expect(await subscriptions()).toBe(2);
    const ids = await postAnalyzed(service, 2);
    await heard(other, ids);
    await expect.poll(() => received.filter(({ type }) => type === "next").length).toBe(2);
    await delay(300);
    expect(received.slice(1).map(({ id, type }) => [id, type])).toEqual([
      ["1", "next"],
      ["1", "next"],
    ]);
    socket.close();
    await closed;
    await other.leave();
    await expect.poll(subscriptions).toBe(0);
  });

  it("leaves none of many behind", async () => {
    const { socket, send, closed } = await open();
    for (let round = 0; round < 300; round += 1) {
      send(subscribe);
      if (round < 299) send(complete);
    }
    await delay(500);
    await expect.poll(subscriptions, { timeout: 10_000 }).toBeLessThanOrEqual(1);
    socket.close();
    await closed;
    await expect.poll(subscriptions).toBe(0);
  });

  it("may have long ids", async () => {
    const { socket, send, received } = await open();
    const id = `"${"7:".repeat(127)}`;
    send({ type: "subscribe", id, payload: { query: "{ __typename }" } });
    await expect
      .poll(() => received.slice(1))
      .toMatchObject([
        { id, type: "next" },
        { id, type: "complete" },
      ]);
    socket.close();
  });

  it("is closed with 4409 where an operation of the id still runs", async () => {
    const { send, closed } = await open();
    send(subscribe);
    send(subscribe);
    expect(await closed).toMatchObject({ code: 4409, reason: "Subscriber already exists" });
    await expect.poll(subscriptions).toBe(0);
  });
});
