import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { UnavailableError } from "../../src/errors.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { toDatetime } from "../../src/model/instant.js";
import { createLogger } from "../../src/logger.js";
import { Database } from "../../src/store/database.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { Retention } from "../../src/store/erasure/retention.js";
import { EventLog } from "../../src/store/event-log.js";
import { listedMessages } from "../../src/store/sql/listing.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { MysqlConnection } from "../../src/store/connection/mysql-connection.js";
import { insertRows } from "../../src/store/sql/statements.js";
import { auditLog } from "../../src/store/sql/tables.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, sample, type TestDatabase } from "../support/service.js";

const old = "2020-01-01 00:00:00.000000";

let test: TestDatabase;
let database: Database;
let log: EventLog;
let retention: Retention;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 4);
  await migrate(database.writer);
  log = new EventLog(database, new SessionWriter(), new FeedWriter(database), new ErasureList(database));
});
beforeEach(() => {
  retention = new Retention(database, { sessions: 30, auditLog: undefined }, createLogger("silent"));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

/** Stores an event of a session that lists these messages. */
async function record(id: string, messageIds: readonly string[], changes: object = {}): Promise<void> {
  const event = await sample("ended");
  const [message] = event.data.messages;
  event.request_id = randomUUID();
  Object.assign(event.data, {
    id,
    messages: messageIds.map((key) => ({ ...message, id: key })),
    ...changes,
  });
  const body = Buffer.from(JSON.stringify(event));
  expect(await log.record({ body, envelope: parseEnvelope(body), signature: null })).toMatchObject({
    status: "projected",
    changed: true,
  });
}

async function age(id: string): Promise<void> {
  await database.transaction((transaction) =>
    transaction.execute("UPDATE sessions SET changed_at = ? WHERE id = ?", [old, id]),
  );
}

async function count(table: string, column: string, value: string): Promise<number> {
  const rows = await database.read(`SELECT 1 FROM ${table} WHERE ${column} = ?`, [value]);
  return rows.length;
}

/** What a session is stored as: itself, its messages, and its raw events. */
async function stored(id: string): Promise<readonly number[]> {
  const stale = await database.read(
    `SELECT 1 FROM session_messages j LEFT JOIN sessions s ON s.cluster_key = j.session_key
     LEFT JOIN messages m ON m.cluster_key = j.message_key WHERE s.id IS NULL OR m.id IS NULL`,
  );
  expect(stale).toEqual([]);
  const messages = await database.read(`SELECT m.id FROM ${listedMessages} WHERE s.id = ?`, [id]);
  return [
    await count("sessions", "id", id),
    messages.length,
    await count("webhook_events", "session_id", id),
  ];
}

describe("a session that is old enough", () => {
  it("goes with all that belongs to it", async () => {
    const [id, message] = [randomUUID(), randomUUID()];
    await record(id, [message]);
    await age(id);
    expect(await retention.retire()).toMatchObject({ sessions: 1 });
    expect(await stored(id)).toEqual([0, 0, 0]);
    expect(await count("messages", "id", message)).toBe(0);
  });

  it("stays where an event comes after it was found", async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    await record(id, [randomUUID()]);
    await record(other, [randomUUID()]);
    await age(id);
    await age(other);
    const transaction = Reflect.get(Database.prototype, "transaction");
    vi.spyOn(database, "transaction").mockImplementationOnce(async (work, milliseconds) => {
      const found = await transaction.call(database, work, milliseconds);
      await record(id, [randomUUID()], { chat_summary: "It went on." });
      return found;
    });
    expect(await retention.retire()).toMatchObject({ sessions: 1 });
    expect(await stored(id)).toEqual([1, 2, 2]);
    expect(await stored(other)).toEqual([0, 0, 0]);
  });
});

describe("many sessions that are old enough", () => {
  it("go in smaller batches where a transaction cannot take them all", async () => {
    const ids = Array.from({ length: 7 }, () => randomUUID());
    for (const id of ids) await record(id, [randomUUID()]);
    for (const id of ids) await age(id);
    const transaction = Reflect.get(Database.prototype, "transaction");
    vi.spyOn(database, "transaction").mockImplementation((work, milliseconds) =>
      transaction.call(
        database,
        (inner) => {
          const execute: typeof inner.execute = async (sql, parameters = []) => {
            if (sql.startsWith("DELETE FROM sessions") && parameters.length > 2)
              throw new UnavailableError("The transaction takes too long.");
            return await inner.execute(sql, parameters);
          };
          return work({ ...inner, execute });
        },
        milliseconds,
      ),
    );
    expect(await retention.retire()).toMatchObject({ sessions: ids.length });
    for (const id of ids) expect(await stored(id)).toEqual([0, 0, 0]);
  });
});

describe("a raw event of no session that is old enough", () => {
  it("stays where it is understood after it was found", async () => {
    const [id, raw] = [randomUUID(), randomUUID()];
    await record(id, []);
    await database.transaction((transaction) =>
      transaction.execute(
        "UPDATE webhook_events SET id = ?, session_id = NULL, received_at = ? WHERE session_id = ?",
        [raw, old, id],
      ),
    );
    const transaction = Reflect.get(Database.prototype, "transaction");
    vi.spyOn(database, "transaction").mockImplementation(async (work, milliseconds) => {
      const found: unknown = await transaction.call(database, work, milliseconds);
      if (JSON.stringify(found).includes(raw)) {
        await transaction.call(database, (inner) =>
          inner.execute("UPDATE webhook_events SET session_id = ? WHERE id = ?", [id, raw]),
        );
      }
      return found;
    });
    expect(await retention.retire()).toMatchObject({ rawEvents: 0 });
    expect(await count("webhook_events", "id", raw)).toBe(1);
  });
});

function gate() {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe("the audit log", () => {
  /** More than one batch of old ones, and a young one. */
  async function fill(): Promise<void> {
    const young = toDatetime(new Date(Date.now() - 29 * 86_400_000).toISOString());
    const rows = Array.from({ length: 1_203 }, (_, index) => ({
      id: randomUUID(),
      at: index === 7 ? young : old,
      caller: "jwt:somebody",
      role: "reader",
      action: "read",
      operation: "sessions",
      count: 1,
      ids: "[]",
    }));
    await database.transaction((transaction) => insertRows(transaction, auditLog, rows));
  }

  it("is kept without a setting of its own, and loses what is older than that, in batches", async () => {
    await fill();
    expect(await retention.retire()).toMatchObject({ auditEntries: 0 });
    const transaction = vi.spyOn(database, "transaction");
    const pruning = new Retention(database, { sessions: undefined, auditLog: 30 }, createLogger("silent"));
    expect(await pruning.retire()).toEqual({ sessions: 0, rawEvents: 0, auditEntries: 1_202 });
    expect(transaction).toHaveBeenCalledTimes(7);
    expect(await count("audit_log", "caller", "jwt:somebody")).toBe(1);
  });

  it("is asked for by AUDIT_RETENTION_DAYS", () => {
    expect(loadConfig({}).auditRetentionDays).toBeUndefined();
    expect(loadConfig({ AUDIT_RETENTION_DAYS: "90" }).auditRetentionDays).toBe(90);
    expect(() => loadConfig({ AUDIT_RETENTION_DAYS: "0" })).toThrow("AUDIT_RETENTION_DAYS");
  });
});

describe("a run that takes longer than an hour", () => {
  it("goes on alone, and is waited for at the end", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const ended = gate();
    const retire = vi.spyOn(retention, "retire").mockImplementation(async () => {
      await ended.passed;
      return { sessions: 0, rawEvents: 0, auditEntries: 0 };
    });
    retention.start();
    vi.advanceTimersByTime(2.5 * 3_600_000);
    expect(retire).toHaveBeenCalledTimes(1);
    let isStopped = false;
    const stopped = retention.stop().then(() => {
      isStopped = true;
    });
    await delay(10);
    expect(isStopped).toBe(false);
    ended.open();
    await stopped;
  });

  it("is followed by the next", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const retire = vi
      .spyOn(retention, "retire")
      .mockResolvedValue({ sessions: 0, rawEvents: 0, auditEntries: 0 });
    retention.start();
    await delay(10);
    vi.advanceTimersByTime(3_600_000);
    expect(retire).toHaveBeenCalledTimes(2);
    await retention.stop();
  });
});

/** On SQLite transactions come one after the other. */
if (process.env.TEST_DATABASE_URL) {
  describe("on a server, an event that is under way", () => {
    /** Holds the first call of a connection's method until it is let go. */
    function holdFirst(method: "commit" | "execute") {
      const original = Reflect.get(MysqlConnection.prototype, method) as (...given: unknown[]) => unknown;
      const [reached, released] = [gate(), gate()];
      vi.spyOn(MysqlConnection.prototype, method).mockImplementationOnce(async function (
        this: MysqlConnection,
        ...given: unknown[]
      ) {
        reached.open();
        await released.passed;
        return (await original.apply(this, given)) as never;
      });
      return { reached: reached.passed, release: released.open };
    }

    /** Long enough for a statement to reach the server and wait there. */
    const toTheLock = 300;

    it("keeps the messages that it joins", async () => {
      const [id, other, message] = [randomUUID(), randomUUID(), randomUUID()];
      await record(id, [message]);
      await age(id);
      const { reached, release } = holdFirst("commit");
      const recorded = record(other, [message]);
      await reached;
      const retired = retention.retire();
      await delay(toTheLock);
      release();
      await recorded;
      expect(await retired).toMatchObject({ sessions: 1 });
      expect(await stored(id)).toEqual([0, 0, 0]);
      expect(await stored(other)).toEqual([1, 1, 1]);
    });

    it("keeps its session, and what it says", async () => {
      const id = randomUUID();
      await record(id, [randomUUID()]);
      await age(id);
      const { reached, release } = holdFirst("commit");
      const recorded = record(id, [randomUUID()], { chat_summary: "It went on." });
      await reached;
      const retired = retention.retire();
      await delay(toTheLock);
      release();
      await recorded;
      expect(await retired).toMatchObject({ sessions: 0 });
      expect(await stored(id)).toEqual([1, 2, 2]);
    });

    it("makes its session anew where it waits for one that goes, and neither meets a deadlock", async () => {
      const [id, message] = [randomUUID(), randomUUID()];
      await record(id, [message]);
      await age(id);
      const rollback = vi.spyOn(MysqlConnection.prototype, "rollback");
      const { reached, release } = holdFirst("execute");
      const retired = retention.retire();
      await reached;
      const recorded = record(id, [message], { chat_summary: "It went on." });
      await delay(toTheLock);
      release();
      expect(await retired).toMatchObject({ sessions: 1 });
      await recorded;
      expect(await stored(id)).toEqual([1, 1, 1]);
      expect(rollback).not.toHaveBeenCalled();
    });
  });
}
