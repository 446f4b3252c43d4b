import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrate.js";
import { FeedReader } from "../../src/store/readers/feed.reader.js";
import { insertRows } from "../../src/store/statements.js";
import { sessionFeed } from "../../src/store/tables/session-feed.table.js";
import { createTestDatabase, type TestDatabase } from "../service.js";

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
  await migrate(database.writer);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

/** Where an organization has few entries, the next may lie far away: one statement must not look for it to the feed's end. */
it("an organization's few entries are all found in a long feed, a stretch at a time", async () => {
  const head = 1_000_000;
  const positions = [1, 2, 100_000, 100_001, 100_002, 350_000, 400_002, 400_003, head - 1, head];
  await database.transaction(async (transaction) => {
    const rows = positions.map((position, index) => ({
      eventId: `event-${index}`,
      position: String(position),
      organizationId: "theirs",
      sessionId: "session",
      kind: "ENDED",
      receivedAt: "2026-01-31 12:00:00.000000",
    }));
    await insertRows(transaction, sessionFeed, rows);
    await transaction.execute("UPDATE feed_head SET last_position = ? WHERE id = 1", [head]);
  });
  const feed = new FeedReader(database);
  const found: number[] = [];
  let statements = 0;
  for (let position = 0; position < head; statements += 1) {
    const page = await feed.after(position, 2, {
      scope: { kind: "organization", organizationId: "theirs", masked: false },
      kinds: ["ENDED"],
    });
    expect(page.reached).toBeGreaterThan(position);
    expect(page.entries.every((entry) => entry.position <= page.reached)).toBe(true);
    found.push(...page.entries.map((entry) => entry.position));
    position = page.reached;
  }
  expect(found).toEqual(positions);
  expect(statements).toBeGreaterThan(10);
  // Without conditions no entry is passed over, so the next ones are near.
  expect(await feed.after(400_003, 1)).toMatchObject({
    entries: [{ position: head - 1 }],
    reached: head - 1,
  });
});
