import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.js";
import { Database } from "../src/store/database.js";
import { makeKey } from "./support/callers.js";
import { startProcess } from "./support/running-process.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "./support/service.js";
import { type StallableProxy, startProxy } from "./support/stallable-proxy.js";

async function newEvent(): Promise<string> {
  const payload = await sample("ended");
  payload.request_id = randomUUID();
  payload.data.id = randomUUID();
  for (const message of payload.data.messages) message.id = randomUUID();
  return JSON.stringify(payload);
}

const many = (count: number) => Promise.all(Array.from({ length: count }, newEvent));

/** SQLite has no server that could go away. */
if (process.env.TEST_DATABASE_URL) {
  describe("while the database server is away", () => {
    let database: TestDatabase;
    let proxy: StallableProxy;
    let service: TestService;
    beforeAll(async () => {
      database = await createTestDatabase();
      proxy = await startProxy(database.url);
      service = await startService({ DATABASE_TIMEOUT_SECONDS: "2" }, { ...database, url: proxy.url });
    });
    afterAll(async () => {
      await service.stop();
      await proxy.close();
      await database.drop();
    });

    const ready = async () => {
      const response = await fetch(`${service.url}/readyz`);
      return { status: response.status, text: await response.text() };
    };

    async function becomesReady(): Promise<void> {
      const deadline = Date.now() + 10_000;
      while ((await ready()).status !== 200) {
        if (Date.now() > deadline)
          throw new Error("The service is not ready 10 s after the return of the database.");
        await delay(100);
      }
    }

    it.each(["stall", "cut"] as const)("answers 503 and is ready again by itself (%s)", async (kind) => {
      expect((await service.post(await newEvent())).status).toBe(200);
      proxy[kind]();
      const bodies = await many(40);
      const refused = await Promise.all(bodies.map((body) => service.post(body)));
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
      expect(refused.every(({ headers }) => Number(headers.get("Retry-After")) > 0)).toBe(true);
      const { status, text } = await ready();
      expect(status).toBe(503);
      expect(text).toMatch(/The database cannot be reached \([A-Z_]+\)/);
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
      proxy.resume();
      await becomesReady();
      const retried = await Promise.all(bodies.map((body) => service.post(body)));
      expect(new Set(retried.map((response) => response.status))).toEqual(new Set([200]));
    });

    it.each(["stall", "cut"] as const)("serves metrics to whom it has let in before (%s)", async (kind) => {
      const [known, other] = [
        await makeKey(database, { role: "operator" }),
        await makeKey(database, { role: "operator" }),
      ];
      const scrape = async ({ header }: typeof known) =>
        await fetch(`${service.url}/metrics`, { headers: header, signal: AbortSignal.timeout(10_000) });
      // A service that was open believes so for a moment.
      await expect.poll(async () => (await fetch(`${service.url}/metrics`)).status).toBe(401);
      expect((await scrape(known)).status).toBe(200);
      expect((await service.post(await newEvent())).status).toBe(200);
      proxy[kind]();
      expect((await service.post(await newEvent())).status).toBe(503);
      // What the database said of the key is believed so long anyway.
      await delay(2_500);
      const answer = await scrape(known);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(
        'webhook_delivery_seconds_count{type="none",outcome="unavailable"}',
      );
      expect((await scrape(other)).status).toBe(503);
      const asked = await fetch(`${service.url}/export/sessions.csv`, { headers: known.header });
      expect(asked.status).toBe(503);
      proxy.resume();
      await becomesReady();
    });
  });
}

describe("SIGTERM under load", () => {
  it("ends within 10 s and loses no delivery that was answered", async () => {
    const testDatabase = await createTestDatabase();
    const service = await startProcess({ DATABASE_URL: testDatabase.url });
    const answered: string[] = [];
    let isOver = false;
    const client = async () => {
      while (!isOver) {
        const body = await newEvent();
        const headers = { "Content-Type": "application/json" };
        const response = await fetch(`${service.url}/webhooks/whippy`, {
          method: "POST",
          headers,
          body,
        }).catch(() => undefined);
        if (response?.status === 200) answered.push((JSON.parse(body) as { request_id: string }).request_id);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    while (answered.length < 40) await delay(20);
    const { code, milliseconds } = await service.end("SIGTERM");
    isOver = true;
    await Promise.all(clients);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(10_000);

    const database = await Database.open(loadConfig({ DATABASE_URL: testDatabase.url }).database, 2);
    const rows = await database.read<{ id: string }>("SELECT request_id AS id FROM webhook_events");
    const stored = new Set(rows.map(({ id }) => id));
    expect(answered.filter((id) => !stored.has(id))).toEqual([]);
    await database.close();
    await testDatabase.drop();
  });
});
