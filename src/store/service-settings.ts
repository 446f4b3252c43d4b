import { randomBytes } from "node:crypto";
import type { Database } from "./database.js";
import { insertRows, insertRowsLater } from "./sql/statements.js";
import { serviceSettings } from "./sql/tables.js";
import type { Transaction } from "./sql/transaction.js";

/**
 * The key that signs cursors: made by the first instance, shared by all, so that cursors outlive restarts.
 */
export async function loadCursorKey(database: Database): Promise<string> {
  return await loadKey(database, "cursor_key");
}

/** The setting that holds the key of the list of the erased. */
export const erasureKeyName = "erasure_key";

/** The key under which erased identifiers are remembered. */
export async function loadErasureKey(database: Database): Promise<string> {
  return await loadKey(database, erasureKeyName);
}

/** The setting that is another one after each change of what agent versions say. */
export const contentsMarkName = "version_contents";

const markBytes = 12;

/**
 * Tells all instances that a content of an agent version was added, or has changed: what they remember of
 * versions counts for the mark that it was read with. It never comes again, also where a backup is restored.
 */
export async function changeContentsMark(transaction: Transaction): Promise<void> {
  const value = randomBytes(markBytes).toString("base64url");
  await insertRowsLater(transaction, serviceSettings, [{ name: contentsMarkName, value }], {
    overwrite: ["value"],
  });
}

async function loadKey(database: Database, name: string): Promise<string> {
  return await database.transaction(async (transaction) => {
    await insertRows(
      transaction,
      serviceSettings,
      [{ name, value: randomBytes(32).toString("base64") }],
      "keep",
    );
    const [row] = await transaction.query<{ value: string }>(
      "SELECT value FROM service_settings WHERE name = ?",
      [name],
    );
    if (row === undefined) throw new Error(`The ${name} could not be stored.`);
    return row.value;
  });
}
