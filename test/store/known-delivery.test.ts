import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { UnavailableError } from "../../src/errors.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { Database } from "../../src/store/database.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { MysqlConnection } from "../../src/store/connection/mysql-connection.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, sampleBytes, type SampleName, type TestDatabase } from "../support/service.js";

describe("a delivery that is known already", () => {
  let test: TestDatabase;
  let database: Database;
  let log: EventLog;
  beforeAll(async () => {
    test = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    await migrate(database.writer);
    log = new EventLog(database, new SessionWriter(), new FeedWriter(database), new ErasureList(database));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  async function record(name: SampleName, changes: object = {}): Promise<string> {
    const body = Buffer.from(
      JSON.stringify({ ...(JSON.parse(String(await sampleBytes(name))) as object), ...changes }),
    );
    const { status } = await log.record({ body, envelope: parseEnvelope(body), signature: null });
    return status;
  }

  it.each([
    ["projected", "duplicate", "analyzed", {}],
    ["ignored", "duplicate", "ended", { event: "something.else" }],
    ["dead", "dead", "ended", { data: {} }],
  ] as const)(
    "changes nothing where its first copy was %s, and is %s",
    async (first, second, name, changes) => {
      expect(await record(name, changes)).toBe(first);
      const count = async (table: string) =>
        (await database.read<{ count: number | string }>(`SELECT COUNT(*) AS count FROM ${table}`)).map(
          (row) => Number(row.count),
        );
      const counted = async () =>
        await Promise.all(["webhook_events", "sessions", "session_feed", "service_settings"].map(count));
      const before = await counted();
      expect(await record(name, changes)).toBe(second);
      expect(await counted()).toEqual(before);
    },
  );

  it("is tried again where its type was not understood, and is by now", async () => {
    const changes = { request_id: "known by now" };
    await record("analyzed", changes);
    await database.transaction((transaction) =>
      transaction.execute("UPDATE webhook_events SET status = 'ignored' WHERE request_id = ?", [
        changes.request_id,
      ]),
    );
    expect(await record("analyzed", changes)).toBe("projected");
    expect(await record("analyzed", changes)).toBe("duplicate");
  });

  it("is to come again where its first copy is gone, as after a failover that lost it", async () => {
    const changes = { request_id: "lost by now" };
    await record("analyzed", changes);
    const transaction = database.transaction.bind(database);
    vi.spyOn(database, "transaction").mockImplementation(async (work, milliseconds) => {
      try {
        return await transaction(work, milliseconds);
      } catch (error) {
        await transaction((each) =>
          each.execute("DELETE FROM webhook_events WHERE request_id = ?", [changes.request_id]),
        );
        throw error;
      }
    });
    await expect(record("analyzed", changes)).rejects.toThrow(UnavailableError);
    expect(await record("analyzed", changes)).toBe("projected");
  });

  /** On SQLite what others see is durable, for there is one connection that commits. */
  if (process.env.TEST_DATABASE_URL) {
    it("is answered after a commit that writes, which is durable no earlier than its first copy", async () => {
      await record("started");
      const inserted = vi.spyOn(MysqlConnection.prototype, "insertLater");
      const later = vi.spyOn(MysqlConnection.prototype, "later");
      const rollback = vi.spyOn(MysqlConnection.prototype, "rollback");
      const commit = vi.spyOn(MysqlConnection.prototype, "commit");
      expect(await record("started")).toBe("duplicate");
      expect(inserted.mock.lastCall?.[0].kind.table).toBe("service_settings");
      expect(later.mock.lastCall?.[0]).toMatch(/^DELETE FROM service_settings /);
      expect(later.mock.invocationCallOrder.at(-1)).toBeGreaterThan(
        inserted.mock.invocationCallOrder.at(-1) ?? Infinity,
      );
      const [refused = Infinity] = rollback.mock.invocationCallOrder;
      const [committed] = commit.mock.invocationCallOrder;
      expect(committed).toBeGreaterThan(refused);
      await expect(commit.mock.results[0]?.value).resolves.toBeUndefined();
    });

    it("is not answered as one where that commit fails", async () => {
      await record("ended");
      vi.spyOn(MysqlConnection.prototype, "commit").mockRejectedValue(
        Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }),
      );
      await expect(record("ended")).rejects.toThrow(UnavailableError);
    });
  }
});
