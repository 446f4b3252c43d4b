import { partyOf } from "../../model/bookkeeping.js";
import { type MessageFacts, partyFields } from "../../model/message.js";
import { insertRowsLater } from "../sql/statements.js";
import { sessionParties } from "../sql/tables.js";
import type { Transaction } from "../sql/transaction.js";

/** Adds the parties of these messages to a session's. */
export async function addParties(
  transaction: Transaction,
  sessionId: string,
  listed: readonly MessageFacts[],
): Promise<void> {
  const named = listed.flatMap((message) => partyFields.flatMap((name) => message[name] ?? []));
  const parties = [...new Set(named.map(partyOf))].sort();
  const rows = parties.map((party) => ({ sessionId, party }));
  await insertRowsLater(transaction, sessionParties, rows, "keep");
}

/** Makes a session's parties those of all messages that it lists. */
export async function renewParties(
  transaction: Transaction,
  sessionId: string,
  listed: readonly MessageFacts[],
): Promise<void> {
  await transaction.later("DELETE FROM session_parties WHERE session_id = ?", [sessionId]);
  await addParties(transaction, sessionId, listed);
}
