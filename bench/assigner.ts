import "reflect-metadata";
import { randomUUID } from "node:crypto";
import { loadConfig } from "../src/config.js";
import { toDatetime } from "../src/model/instant.js";
import { Database } from "../src/store/database.js";
import { insertRows } from "../src/store/sql/statements.js";
import { sessionFeed } from "../src/store/sql/tables.js";
import { newReceipt } from "../src/store/receipt.js";
import { FeedWriter } from "../src/store/writers/feed.writer.js";
import { median } from "./compare.js";
import { createDatabase, type DatabaseServer } from "./databases.js";

const rowsAtOnce = 500;

/**
 * How many positions a second the feed's assigner gives: one at a time does for all instances on a database,
 * so this is the limit of all of them together.
 * @returns a sentence: medians of the rounds, where each transaction finds all it can take, and where it
 * finds one
 */
export async function assignerSentence(server: DatabaseServer, rounds: number): Promise<string> {
  const created = await createDatabase(server);
  const database = await Database.open(loadConfig({ DATABASE_URL: created.url }).database, 4);
  try {
    const full: number[] = [];
    const single: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      full.push(await numberAll(database, 10_000));
      single.push(await numberOneByOne(database, 300));
    }
    return (
      `Assigner: ${median(full).toFixed(0)} positions/s where many wait, ` +
      `${median(single).toFixed(0)} where each transaction finds one.`
    );
  } finally {
    await database.close();
    await created.drop();
  }
}

async function numberAll(database: Database, count: number): Promise<number> {
  await append(database, count);
  const writer = new FeedWriter(database);
  const begun = performance.now();
  for (let isAll = false; !isAll;) ({ isAll } = await writer.assignPositions());
  return (count / (performance.now() - begun)) * 1_000;
}

async function numberOneByOne(database: Database, count: number): Promise<number> {
  const writer = new FeedWriter(database);
  let milliseconds = 0;
  for (let index = 0; index < count; index += 1) {
    await append(database, 1);
    const begun = performance.now();
    await writer.assignPositions();
    milliseconds += performance.now() - begun;
  }
  return (count / milliseconds) * 1_000;
}

/** Committed changes without a position. */
async function append(database: Database, count: number): Promise<void> {
  for (let left = count; left > 0; left -= rowsAtOnce) {
    const rows = Array.from({ length: Math.min(left, rowsAtOnce) }, () => ({
      eventId: newReceipt().id,
      position: null,
      epoch: null,
      organizationId: randomUUID(),
      sessionId: randomUUID(),
      kind: "ANALYZED",
      receivedAt: toDatetime(new Date().toISOString()),
    }));
    await database.transaction((transaction) => insertRows(transaction, sessionFeed, rows));
  }
}
