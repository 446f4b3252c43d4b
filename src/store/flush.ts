import { randomUUID } from "node:crypto";
import type { Database } from "./database.js";
import type { Transaction } from "./sql/transaction.js";
import { insertRowsLater } from "./sql/statements.js";
import { serviceSettings } from "./sql/tables.js";

/**
 * Returns once everything that was committed before is durable. InnoDB shows a commit to others a moment
 * before its log is on the disk, and a transaction that has changed nothing need not wait for that (MariaDB's
 * does not). The log is written in order, so a commit of our own that changes something is durable no earlier
 * than what was seen before it. What it writes it deletes.
 * @throws UnavailableError where nothing is known of it
 */
export async function flushCommits(database: Database): Promise<void> {
  if (!database.dialect.isEmbedded) await database.transaction(flushWith);
}

/** The same with a transaction's own commit: what it has seen is durable then. */
export async function flushWith(transaction: Transaction): Promise<void> {
  if (transaction.dialect.isEmbedded) return;
  const name = `flush-${randomUUID()}`;
  await insertRowsLater(transaction, serviceSettings, [{ name, value: "" }]);
  await transaction.later("DELETE FROM service_settings WHERE name = ?", [name]);
}
