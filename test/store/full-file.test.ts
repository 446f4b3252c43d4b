import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";

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

const store = (name: string, value = "") =>
  database.transaction((transaction) =>
    transaction.execute("INSERT INTO service_settings (name, value) VALUES (?, ?)", [name, value]),
  );

async function isCommitted(name: string): Promise<boolean> {
  const rows = await database.read("SELECT 1 FROM service_settings WHERE name = ?", [name]);
  return rows.length === 1;
}

async function setMostPages(more: number): Promise<void> {
  const [{ page_count: pages } = { page_count: 0 }] =
    await database.writer.query<{ page_count: number }[]>("PRAGMA page_count");
  await database.writer.query(`PRAGMA max_page_count = ${pages + more}`);
}

// SQLite itself rolls back a transaction for which the disk has no room.
describe.skipIf((process.env.TEST_DATABASE_URL ?? "") !== "")("a file on a disk that was full", () => {
  it("commits what is stored after it, whatever fails in between", async () => {
    await setMostPages(2);
    await expect(store("large", "x".repeat(100_000))).rejects.toThrow("cannot serve this now");
    await setMostPages(10_000);
    await store("first");
    expect(await isCommitted("first")).toBe(true);
    await expect(store("first")).rejects.toThrow();
    await store("second");
    expect(await isCommitted("second")).toBe(true);
  });
});
