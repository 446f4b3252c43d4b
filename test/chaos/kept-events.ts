import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { createTestDatabase } from "../support/service.js";
import { projectedState } from "../support/state-digest.js";
import { Instance } from "./instance.js";
import { deliverTo } from "./writers.js";

const atOnce = 8;
/** Rows of made-up people, to tell what differs. */
const mostShown = 4;

/**
 * Compares what is kept with what was acknowledged, and what was made of it with what a single server makes
 * of the same events. @returns what is wrong
 */
export async function compareKept(url: string, acknowledged: readonly string[]): Promise<string[]> {
  const kept = await stateOf(url);
  const expected = await stateOfSingle(acknowledged);
  const problems: string[] = [];
  if (kept.events !== expected.events)
    problems.push(`Raw events kept are ${kept.events}, and not ${expected.events}.`);
  const [rows, expectedRows] = [kept.state.split("\n"), new Set(expected.state.split("\n"))];
  const other = rows.filter((row) => !expectedRows.has(row));
  if (kept.state !== expected.state)
    problems.push(
      `${rows.length} rows are kept of ${expectedRows.size}, and ${other.length} are not as a single server's:`,
      ...other.slice(0, mostShown),
    );
  return problems;
}

async function stateOfSingle(bodies: readonly string[]) {
  const database = await createTestDatabase();
  const instance = new Instance({ DATABASE_URL: database.url });
  try {
    await instance.start();
    const waiting = [...bodies];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let body = waiting.shift(); body !== undefined; body = waiting.shift())
          await deliverTo(instance.url, body);
      }),
    );
    return await stateOf(database.url);
  } finally {
    await instance.stop();
    await database.drop();
  }
}

/** How many events are kept in which state, and what was made of them. */
async function stateOf(url: string): Promise<{ readonly events: string; readonly state: string }> {
  const database = await Database.open(loadConfig({ DATABASE_URL: url }).database, 2);
  try {
    const rows = await database.read<{ status: string; count: number | string }>(
      "SELECT status, COUNT(*) AS count FROM webhook_events GROUP BY status ORDER BY status",
    );
    const events = rows.map(({ status, count }) => `${status}: ${count}`).join(", ");
    return { events, state: await projectedState(database) };
  } finally {
    await database.close();
  }
}
