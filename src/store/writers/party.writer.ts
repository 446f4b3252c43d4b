import { partyOf } from "../../model/bookkeeping.js";
import { type MessageFacts, partyFields } from "../../model/message.js";
import { insertRowsLater } from "../sql/statements.js";
import { sessionParties } from "../sql/tables.js";
import type { Transaction } from "../sql/transaction.js";

/** Messages that a session lists. */
interface Listed {
  readonly current: readonly MessageFacts[];
  /** Those of them that it had not listed before. */
  readonly joined: readonly MessageFacts[];
}

/** Adds the parties of messages that join to those of a session. */
export async function addParties(
  transaction: Transaction,
  sessionId: string,
  { current, joined }: Listed,
): Promise<void> {
  const others = new Set(current);
  for (const message of joined) others.delete(message);
  const known = partiesOf(others);
  const parties = Array.from(partiesOf(joined)).filter((party) => !known.has(party));
  const rows = parties.sort().map((party) => ({ sessionId, party }));
  await insertRowsLater(transaction, sessionParties, rows, "keep");
}

/** Makes a session's parties those of all messages that it lists. */
export async function renewParties(
  transaction: Transaction,
  sessionId: string,
  listed: readonly MessageFacts[],
): Promise<void> {
  await transaction.later("DELETE FROM session_parties WHERE session_id = ?", [sessionId]);
  await addParties(transaction, sessionId, { joined: listed, current: listed });
}

function partiesOf(messages: Iterable<MessageFacts>): Set<string> {
  const parties = new Set<string>();
  for (const message of messages)
    for (const name of partyFields) {
      const party = message[name];
      if (party !== null) parties.add(partyOf(party));
    }
  return parties;
}
