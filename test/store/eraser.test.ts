import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { Database, defaultTimeLimits } from "../../src/store/database.js";
import { Eraser } from "../../src/store/erasure/eraser.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { unpack } from "../../src/model/packed.js";
import { WebhookEventReader } from "../../src/store/readers/webhook-event.reader.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, sample, type TestDatabase } from "../support/service.js";

const phone = "+13237452021";
/** Longer than a wait that does not ask how long deliveries may take. */
const deliverySeconds = 3.8;

let test: TestDatabase;
/** The command's, and the service's. */
let database: Database;
let serving: Database;
beforeEach(async () => {
  test = await createTestDatabase();
  const target = loadConfig({ DATABASE_URL: test.url }).database;
  const limits = { ...defaultTimeLimits, transaction: deliverySeconds * 1_000 };
  database = await Database.open(target, 2, limits);
  await migrate(database.writer);
  serving = await Database.open(target, 2, limits);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
  await serving.close();
  await test.drop();
});

function serviceLog(): EventLog {
  return new EventLog(serving, new SessionWriter(), new FeedWriter(serving), new ErasureList(serving));
}

/** Stores an event of a new session with the person. */
async function record(text: string, conversationId: string): Promise<void> {
  const event = await sample("ended");
  event.request_id = randomUUID();
  Object.assign(event.data, { id: randomUUID(), conversation_id: conversationId, chat_summary: text });
  for (const message of event.data.messages)
    Object.assign(message, { id: randomUUID(), conversation_id: conversationId, body: text });
  const body = Buffer.from(JSON.stringify(event));
  const outcome = await serviceLog().record({ body, envelope: parseEnvelope(body), signature: null });
  expect(outcome).toMatchObject({ status: "projected" });
}

async function held(): Promise<string> {
  const rows = await Promise.all([
    database.read("SELECT body FROM messages"),
    database.read("SELECT chat_summary FROM sessions"),
    database.read("SELECT terms FROM session_terms"),
  ]);
  const raw = await database.read<{ body: Buffer }>("SELECT body FROM webhook_events");
  return JSON.stringify(rows) + raw.map(({ body }) => unpack(body).toString()).join("\n");
}

describe("an erasure, while deliveries come", () => {
  it("empties a conversation that begins before they are known to be erased", async () => {
    await record("before", randomUUID());
    const list = new ErasureList(database);
    const add = list.add.bind(list);
    vi.spyOn(list, "add").mockImplementationOnce(async (identifiers) => {
      await record("meanwhile", randomUUID());
      await add(identifiers);
    });
    const erased = await new Eraser(database, list, 10).erase(phone);
    expect(erased.sessions).toHaveLength(2);
    const text = await held();
    for (const trace of ["before", "meanwhile", phone]) expect(text).not.toContain(trace);
  });

  it("waits for one that asked before, as long as it may be tried again", async () => {
    const conversation = randomUUID();
    await record("before", conversation);
    const transaction = Reflect.get(Database.prototype, "transaction");
    vi.spyOn(serving, "transaction").mockImplementationOnce(async (work, milliseconds) => {
      await delay(deliverySeconds * 1_000 - 200);
      return await transaction.call(serving, work, milliseconds);
    });
    const recorded = record("meanwhile", conversation);
    await delay(100);
    const erased = await new Eraser(database, new ErasureList(database)).erase(phone);
    await recorded;
    expect(erased.sessions).toHaveLength(2);
    const text = await held();
    for (const trace of ["before", "meanwhile", phone]) expect(text).not.toContain(trace);
  });

  it("keeps out what a replay has read before", async () => {
    await record("before", randomUUID());
    for await (const raw of new WebhookEventReader(serving).inOrder({})) {
      await new Eraser(database, new ErasureList(database), 10).erase(phone);
      expect(await serviceLog().replay(raw)).toMatchObject({ status: "projected", changed: false });
    }
    const text = await held();
    for (const trace of ["before", phone]) expect(text).not.toContain(trace);
  });
});
