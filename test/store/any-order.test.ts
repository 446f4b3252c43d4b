import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { Database } from "../../src/store/database.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog, type Outcome } from "../../src/store/event-log.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { projectedTables } from "../../src/store/sql/tables.js";
import { WebhookEventReader } from "../../src/store/readers/webhook-event.reader.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import {
  conversations,
  expectedField,
  expectedMessageField,
  type ModelEvent,
  redelivered,
} from "../support/random-sessions.js";
import { projectedState } from "../support/state-digest.js";

/**
 * Each event as it is delivered: which one, as the same bytes again or under another request_id, and how many
 * at once.
 */
interface Plan {
  readonly order: readonly number[];
  readonly again: readonly ("same bytes" | "other request_id")[];
  readonly atOnce: number;
}

const plans = fc.record({
  /** Sorting by these shuffles the events; the second half are repetitions. */
  order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  again: fc.array(fc.constantFrom("same bytes" as const, "other request_id" as const), {
    minLength: 60,
    maxLength: 60,
  }),
  atOnce: fc.integer({ min: 1, max: 12 }),
});

describe("the state of the projected tables", () => {
  let testDatabase: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: testDatabase.url }).database, 12);
    await migrate(database.writer);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
  });

  const newLog = () =>
    new EventLog(database, new SessionWriter(), new FeedWriter(database), new ErasureList(database));

  /** DELETE, since TRUNCATE takes its time where it is asked for often. */
  async function empty(...more: string[]): Promise<void> {
    await database.transaction(async (transaction) => {
      for (const name of [...projectedTables.map((table) => table.name), ...more])
        await transaction.execute(`DELETE FROM ${name}`);
    });
  }

  async function deliver(log: EventLog, events: readonly ModelEvent[], atOnce: number): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let start = 0; start < events.length; start += atOnce) {
      const slice = events.slice(start, start + atOnce).map(({ body }) => Buffer.from(body));
      const delivered = slice.map((body) =>
        log.record({ body, envelope: parseEnvelope(body), signature: null }),
      );
      outcomes.push(...(await Promise.all(delivered)));
    }
    return outcomes;
  }

  async function replayAll(): Promise<void> {
    await empty();
    const log = newLog();
    for await (const raw of new WebhookEventReader(database).inOrder({})) await log.replay(raw);
  }

  it("is the same in any order, with any repetitions, all at once or replayed", async () => {
    await fc.assert(
      fc.asyncProperty(conversations, plans, async (events, plan) => {
        await empty("webhook_events");
        await deliver(newLog(), events, 1);
        await expectMerged(events);
        const inOrder = await projectedState(database);

        await empty("webhook_events");
        const outcomes = await deliver(newLog(), planned(events, plan), plan.atOnce);
        expect(outcomes.filter(({ status }) => status === "dead")).toEqual([]);
        expect(await projectedState(database)).toBe(inOrder);

        await replayAll();
        expect(await projectedState(database)).toBe(inOrder);
      }),
      { numRuns: 25, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
    );
  });

  /** What DESIGN says of the merge, worked out from the set of events alone. */
  async function expectMerged(events: readonly ModelEvent[]): Promise<void> {
    const sessions = await database.read<{
      id: string;
      lifecycle: number;
      summary: unknown;
      reason: unknown;
    }>("SELECT id, lifecycle, chat_summary AS summary, ended_reason AS reason FROM sessions");
    expect(sessions.length).toBe(new Set(events.map(({ sessionId }) => sessionId)).size);
    for (const { id, lifecycle, summary, reason } of sessions) {
      const ranks = events.filter(({ sessionId }) => sessionId === id).map(({ rank }) => rank);
      expect(lifecycle).toBe(Math.max(...ranks));
      expect(summary).toBe(expectedField(events, id, "chat_summary"));
      expect(reason).toBe(expectedField(events, id, "ended_reason"));
    }
    const messages = await database.read<{ id: string; body: unknown; status: unknown }>(
      "SELECT id, body, delivery_status AS status FROM messages",
    );
    for (const { id, body, status } of messages) {
      expect(body).toBe(expectedMessageField(events, id, "body"));
      expect(status).toBe(expectedMessageField(events, id, "delivery_status"));
    }
  }
});

/** Every event once and about half of them again, shuffled. */
function planned(events: readonly ModelEvent[], { order, again }: Plan): ModelEvent[] {
  const repeated = events
    .filter((_event, index) => (order[index] ?? 0) % 2 === 0)
    .map((event, index) => (again[index] === "same bytes" ? event : redelivered(event)));
  return [...events, ...repeated]
    .map((event, index) => ({ event, place: order[index % order.length] ?? 0 }))
    .sort((a, b) => a.place - b.place)
    .map(({ event }) => event);
}
