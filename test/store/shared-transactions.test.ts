import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { UnavailableError } from "../../src/errors.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { Database } from "../../src/store/database.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { SharedTransactions } from "../../src/store/shared-transactions.js";
import { insertRowsLater } from "../../src/store/sql/statements.js";
import { serviceSettings } from "../../src/store/sql/tables.js";
import type { Transaction } from "../../src/store/sql/transaction.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, sample, type TestDatabase } from "../support/service.js";

describe("work that shares transactions", () => {
  let test: TestDatabase;
  let database: Database;
  let shared: SharedTransactions;
  beforeAll(async () => {
    test = await createTestDatabase();
    const { database: target } = loadConfig({ DATABASE_URL: test.url });
    database = await Database.open(target, 4, { transaction: 1_500, read: 5_000 });
    await migrate(database.writer);
    shared = new SharedTransactions(database, 1);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const names = (count: number) => Array.from({ length: count }, () => `test-${randomUUID()}`);
  const insert = async (transaction: Transaction, name: string) => {
    await insertRowsLater(transaction, serviceSettings, [{ name, value: "" }]);
  };
  const stored = async (list: readonly string[]) => {
    const rows = await database.read<{ name: string }>("SELECT name FROM service_settings");
    return list.filter((name) => rows.some((row) => row.name === name));
  };

  it("is committed in fewer transactions than there are pieces of it", async () => {
    const together = vi.spyOn(database, "attemptTogether");
    const alone = vi.spyOn(database, "transaction");
    const list = names(32);
    await Promise.all(list.map((name) => shared.run([name], (transaction) => insert(transaction, name))));
    expect(await stored(list)).toEqual(list);
    expect(together.mock.calls.length + alone.mock.calls.length).toBeLessThan(8);
  });

  it("is stored where another piece fails, of which nothing stays", async () => {
    const list = names(8);
    const outcomes = await Promise.allSettled(
      list.map((name, index) =>
        shared.run([name], async (transaction) => {
          await insert(transaction, name);
          if (index === 3) throw new Error("of the fourth");
          return index;
        }),
      ),
    );
    expect(
      outcomes.map((each) => (each.status === "fulfilled" ? each.value : (each.reason as unknown))),
    ).toEqual(list.map((_, index) => (index === 3 ? new Error("of the fourth") : index)));
    expect(await stored(list)).toEqual(list.filter((_, index) => index !== 3));
  });

  it("is stored where the database refuses a statement of another piece", async () => {
    const [name = "", ...others] = names(6);
    const all = [name, ...others, name];
    const outcomes = await Promise.allSettled(
      all.map((each, index) => shared.run([String(index)], (transaction) => insert(transaction, each))),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(await stored([name, ...others])).toEqual([name, ...others]);
  });

  it("runs one after the other, in order, where it touches the same", async () => {
    const running = new Set<number>();
    const order: number[] = [];
    await Promise.all(
      names(6).map((name, index) =>
        shared.run(["the same", name], async (transaction) => {
          running.add(index);
          expect(running.size).toBe(1);
          await transaction.query("SELECT 1 AS one");
          running.delete(index);
          order.push(index);
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  // A file takes one transaction at a time.
  it.runIf(process.env.TEST_DATABASE_URL)(
    "does not wait for what takes long and touches something else",
    async () => {
      const slow = shared.run(["slow"], () => delay(1_300));
      // Otherwise the two share a transaction.
      await delay(50);
      const from = performance.now();
      await shared.run(["quick"], (transaction) => transaction.query("SELECT 1 AS one"));
      expect(performance.now() - from).toBeLessThan(1_200);
      await slow;
    },
  );

  it("is told in time where its turn does not come", async () => {
    const slow = Array.from({ length: 3 }, () => shared.run(["slow"], () => delay(1_000)));
    const from = performance.now();
    const outcomes = await Promise.allSettled(slow);
    expect(performance.now() - from).toBeLessThan(3_000);
    expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: expect.any(UnavailableError) });
  });

  it("tells all sessions that list a message of its new words, also one that shares the transaction", async () => {
    const log = new EventLog(
      database,
      new SessionWriter(),
      new FeedWriter(database),
      new ErasureList(database),
    );
    const [message, one, other] = [randomUUID(), randomUUID(), randomUUID()];
    const record = async (id: string, summary: string, messages: readonly object[]) => {
      const event = await sample("analyzed");
      event.request_id = randomUUID();
      Object.assign(event.data, { id, chat_summary: summary, messages });
      // A revision that is new takes more turns to the server than one that is known.
      if (messages.length === 0) event.data.agent_version.name = id;
      const body = Buffer.from(JSON.stringify(event));
      await log.record({ body, envelope: parseEnvelope(body), signature: null });
    };
    const saying = (text: string, second: number) => [
      { id: message, body: text, updated_at: `2025-08-22T08:00:0${second}Z` },
    ];
    await record(one, "first", saying("before", 1));
    await record(other, "first", saying("before", 1));
    const together = vi.spyOn(database, "attemptTogether");
    await Promise.all([
      record(randomUUID(), "The two wait together while this is stored.", []),
      record(one, "second", []),
      record(other, "second", saying("afterwards", 2)),
    ]);
    expect(together).toHaveBeenCalled();
    const rows = await database.read<{ terms: string }>(
      "SELECT terms FROM session_terms WHERE session_id IN (?, ?)",
      [one, other],
    );
    for (const { terms } of rows) expect(terms).toMatch(/ xxafterwards .* xxsecond /);
    expect(rows).toHaveLength(2);
  });
});
