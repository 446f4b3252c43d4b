import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { beginning } from "../../src/events/feed-place.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { FeedReader } from "../../src/store/readers/feed.reader.js";
import { insertRows } from "../../src/store/sql/statements.js";
import { sessionFeed } from "../../src/store/sql/tables.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";

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

/**
 * Where an organization has few entries, the next may lie far away: one statement must not look for it to the
 * feed's end.
 */
it("an organization's few entries are all found in a long feed, a stretch at a time", async () => {
  const head = 1_000_000;
  const epochOf = (position: number) => position.toString(16).padStart(16, "0");
  const positions = [1, 2, 100_000, 100_001, 100_002, 350_000, 400_002, 400_003, head - 1, head];
  await database.transaction(async (transaction) => {
    const rows = positions.map((position, index) => ({
      eventId: `event-${index}`,
      position: String(position),
      epoch: epochOf(position),
      organizationId: "theirs",
      sessionId: "session",
      kind: "ENDED",
      receivedAt: "2026-01-31 12:00:00.000000",
    }));
    await insertRows(transaction, sessionFeed, rows);
    await transaction.execute("UPDATE feed_head SET last_position = ?, last_epoch = ? WHERE id = 1", [
      head,
      epochOf(head),
    ]);
  });
  const feed = new FeedReader(database);
  const found: number[] = [];
  let statements = 0;
  for (let place = beginning; place.position < head; statements += 1) {
    const page = await feed.after(place, 2, {
      scope: { kind: "organization", organizationId: "theirs", masked: false },
      kinds: ["ENDED"],
    });
    expect(page.reached.position).toBeGreaterThan(place.position);
    expect(page.entries.every((entry) => entry.position <= page.reached.position)).toBe(true);
    found.push(...page.entries.map((entry) => entry.position));
    place = page.reached;
  }
  expect(found).toEqual(positions);
  expect(statements).toBeGreaterThan(10);
  // Without conditions no entry is passed over, so the next ones are near.
  expect(await feed.after({ position: 400_003, epoch: epochOf(400_003) }, 1)).toMatchObject({
    entries: [{ position: head - 1 }],
    reached: { position: head - 1, epoch: epochOf(head - 1) },
  });
});
