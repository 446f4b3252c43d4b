import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database, defaultTimeLimits } from "../../src/store/database.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { Eraser } from "../../src/store/erasure/eraser.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";

/** Deliveries may begin with a byte order mark, and are kept as they came. */
describe("a raw event that begins with a byte order mark", () => {
  const person = "ann@example.org";
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({}, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  async function deliver(): Promise<{ readonly status: string; readonly session: string }> {
    const event = await sample("ended");
    event.data.id = randomUUID();
    event.request_id = randomUUID();
    for (const message of event.data.messages) {
      message.id = randomUUID();
      for (const side of ["from", "to"]) if (message[side] === "+13237452021") message[side] = person;
    }
    const answer = await service.post(`\uFEFF${JSON.stringify(event)}`);
    return { status: ((await answer.json()) as { status: string }).status, session: String(event.data.id) };
  }
  const bodyOf = async (session: string) => {
    const query = `query ($filter: WebhookEventFilter) { webhookEvents(filter: $filter) { nodes { body } } }`;
    const answer = await service.query(query, { filter: { sessionId: { eq: session } } });
    return JSON.stringify(answer);
  };

  it("is served, erased, and redacted where it comes after an erasure", async () => {
    const before = await deliver();
    expect(before.status).toBe("stored");
    expect(await bodyOf(before.session)).toContain(person);
    // An erasure waits for deliveries as long as they may take.
    const limits = { ...defaultTimeLimits, transaction: 1_000 };
    const opened = await Database.open(loadConfig({ DATABASE_URL: database.url }).database, 2, limits);
    const erased = await new Eraser(opened, new ErasureList(opened)).erase(person);
    expect(erased.rawEvents).toBe(1);
    await opened.close();
    const after = await deliver();
    expect(after.status).toBe("stored");
    for (const { session } of [before, after]) {
      const body = await bodyOf(session);
      expect(body).toContain(session);
      expect(body).not.toContain(person);
    }
  });
});
