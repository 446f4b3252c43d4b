import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { metric } from "../support/metrics.js";
import { largeQuery, openPaused, postLarge, streamRequest } from "../support/slow-readers.js";

const subscription = "subscription { sessionEvents { cursor } }";

describe("a service whose clients are slow or leave", () => {
  let database: TestDatabase;
  let service: RunningProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startProcess({ DATABASE_URL: database.url, SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1" });
    await postLarge(service.url, 5, 3_000_000);
  });
  afterAll(async () => {
    await service.end("SIGTERM");
    await database.drop();
  });

  it("goes on while the large answer of an event stream is not read", async () => {
    const reader = await openPaused(service.url, streamRequest(largeQuery));
    // Longer than a heartbeat takes to come.
    await delay(3_500);
    expect(service.output()).not.toContain("nobody caught");
    expect(service.process.exitCode).toBeNull();
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    let text = "";
    reader.on("data", (data: Buffer) => (text += data.toString("latin1")));
    reader.resume();
    await expect.poll(() => text.slice(-40), { timeout: 20_000 }).toContain("event: complete\ndata:\n\n");
    expect(text.length).toBeGreaterThan(15_000_000);
    reader.destroy();
  });

  it("frees the subscriptions that a connection has asked for at once, once it is closed", async () => {
    const reader = await openPaused(service.url, streamRequest(subscription).repeat(20));
    await expect.poll(() => metric(service.url, "graphql_subscriptions_open")).toBeGreaterThan(0);
    reader.destroy();
    await expect.poll(() => metric(service.url, "graphql_subscriptions_open")).toBe(0);
  });

  it("frees the deliveries that a connection has sent at once, once it is closed", async () => {
    const delivery =
      "POST /webhooks/whippy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    for (let round = 0; round < 10; round += 1) {
      const sender = await openPaused(service.url, delivery.repeat(20));
      await delay(2);
      sender.destroy();
    }
    await expect.poll(() => metric(service.url, "webhook_deliveries_in_flight")).toBe(0);
  });

  it("cuts a connection that asks again and again before it is answered", async () => {
    const reader = await openPaused(service.url, streamRequest(subscription).repeat(200));
    await expect.poll(() => reader.resume().closed, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => metric(service.url, "graphql_subscriptions_open")).toBe(0);
  });
});
