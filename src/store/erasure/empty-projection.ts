import type { Database } from "../database.js";
import { changeContentsMark } from "../service-settings.js";
import { projectedTables } from "../sql/tables.js";

/** Emptying large tables takes its time. */
const longest = 600_000;

/**
 * Deletes everything that is made of the raw events, and nothing else, so that a replay can make it anew. The
 * feed stays empty then, for nothing new happens, and keeps counting where it was: positions that were handed
 * out before are expired, and none is given twice.
 */
export async function emptyProjection(database: Database): Promise<void> {
  for (const { name } of projectedTables)
    await database.transaction(
      (transaction) => transaction.execute(transaction.dialect.empty(name)),
      longest,
    );
  await database.transaction(async (transaction) => {
    await changeContentsMark(transaction);
    await transaction.execute(
      "UPDATE feed_head SET expired_position = last_position, expired_epoch = last_epoch WHERE id = 1",
    );
  });
}
