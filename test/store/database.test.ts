import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { UnavailableError } from "../../src/errors.js";
import { Database } from "../../src/store/database.js";
import { isKnownDelivery } from "../../src/store/database-errors.js";
import { migrate, pendingSchemaChanges } from "../../src/store/migrations/migrate.js";
import { createTestDatabase, startService, type TestDatabase } from "../support/service.js";

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 8);
  await migrate(database.writer);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const insert = "INSERT INTO service_settings (name, value) VALUES (?, ?)";

async function names(like: string): Promise<string[]> {
  const rows = await database.read<{ name: string }>(
    "SELECT name FROM service_settings WHERE name LIKE ? ORDER BY name",
    [like],
  );
  return rows.map(({ name }) => name);
}

describe("a transaction", () => {
  it("leaves nothing behind where its work fails, whatever others commit meanwhile", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        database.transaction(async (transaction) => {
          await transaction.execute(insert, [`tx-${String(index).padStart(2, "0")}`, ""]);
          await new Promise((resolve) => setTimeout(resolve, 2));
          if (index % 2 === 1) throw new Error("on purpose");
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(10);
    expect(await names("tx-%")).toEqual(
      Array.from({ length: 10 }, (_, index) => `tx-${String(index * 2).padStart(2, "0")}`),
    );
  });

  it("is invisible to readers until it is committed", async () => {
    let seen: string[] = ["not read"];
    await database.transaction(async (transaction) => {
      await transaction.execute(insert, ["hidden", ""]);
      seen = await names("hidden");
    });
    expect(seen).toEqual([]);
    expect(await names("hidden")).toEqual(["hidden"]);
  });

  it("gives back texts, bytes and nulls as they were bound, a lone null and NUL characters too", async () => {
    const value = "a\0b \uF8FF0 \uF8FF\0 😀 é \u2028 'quoted' \\ %";
    await database.transaction((transaction) => transaction.execute(insert, ["odd", value]));
    const rows = await database.read<{ value: string }>("SELECT value FROM service_settings WHERE name = ?", [
      "odd",
    ]);
    expect(rows).toEqual([{ value }]);
    expect(await database.read("SELECT 1 AS one WHERE ? IS NULL", [null])).toEqual([{ one: 1 }]);
  });
});

describe("a conflict of keys", () => {
  it("is taken for a known delivery on the raw events' hash alone, whatever value the server quotes", async () => {
    const name = "body_sha256 ux_webhook_events_body_sha256";
    const twice = database.transaction(async (transaction) => {
      await transaction.execute(insert, [name, ""]);
      await transaction.execute(insert, [name, ""]);
    });
    const failure: unknown = await twice.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnavailableError);
    const conflict = (failure as UnavailableError).cause;
    expect(String(conflict)).toMatch(/Duplicate entry|UNIQUE constraint failed/);
    expect(isKnownDelivery(conflict)).toBe(false);
  });
});

describe("the migrations", () => {
  it("make exactly the tables of the entities", async () => {
    expect(await pendingSchemaChanges(database.writer)).toEqual([]);
  });

  it("are applied once where several instances start together on a new database", async () => {
    // A server serves many instances; an SQLite file has one at a time.
    const together = process.env.TEST_DATABASE_URL ? 6 : 1;
    const fresh = await createTestDatabase();
    for (let round = 0; round < 2; round += 1) {
      const starts = await Promise.allSettled(
        Array.from({ length: together }, () => startService({}, fresh)),
      );
      const started = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
      await Promise.all(started.map((instance) => instance.stop()));
      expect(starts.flatMap((start) => (start.status === "rejected" ? [String(start.reason)] : []))).toEqual(
        [],
      );
    }
    const instance = await Database.open(loadConfig({ DATABASE_URL: fresh.url }).database, 2);
    expect(await instance.read("SELECT id, last_position FROM feed_head")).toHaveLength(1);
    const applied = await instance.read<{ name: string }>("SELECT name FROM migrations");
    expect(new Set(applied.map(({ name }) => name)).size).toBe(applied.length);
    await instance.close();
    await fresh.drop();
  });

  it("can be taken back", async () => {
    const fresh = await createTestDatabase();
    const instance = await Database.open(loadConfig({ DATABASE_URL: fresh.url }).database, 2);
    const applied = await migrate(instance.writer);
    for (let left = applied.length; left > 0; left -= 1) await instance.writer.undoLastMigration();
    expect((await pendingSchemaChanges(instance.writer)).length).toBeGreaterThan(5);
    await instance.close();
    await fresh.drop();
  });
});
