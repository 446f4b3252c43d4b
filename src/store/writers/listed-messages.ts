import { countMessages } from "../../events/message-counts.js";
import { type MessageFacts, partyFields } from "../../model/message.js";
import type { Transaction } from "../sql/transaction.js";
import { placeholders, selectList, slicesOf, unpackRows, updateRow } from "../sql/statements.js";
import { listedMessages } from "../sql/listing.js";
import { messages, sessions } from "../sql/tables.js";
import { renewParties } from "./party.writer.js";
import { keepTerms, searchedOfMessage, searchedOfSession, type SearchedSession } from "./search.writer.js";

/**
 * What sessions know of the messages that they list: their words, who takes part, and how many are in which
 * state.
 */
export type ListedMessage = MessageFacts;

/** The fields of a message that sessions know; of a listed message these alone are read. */
export const listedFields: readonly (keyof MessageFacts)[] = [
  "deliveryStatus",
  "direction",
  "mode",
  ...partyFields,
  ...searchedOfMessage,
];

const columns: readonly (keyof MessageFacts)[] = ["id", ...listedFields];

/** The messages that a session lists, without some. */
export async function readListed(
  transaction: Transaction,
  sessionId: string,
  except: readonly ListedMessage[] = [],
): Promise<ListedMessage[]> {
  const rows = await transaction.query<ListedMessage>(
    `SELECT ${selectList(messages, "m", columns)}
     FROM ${listedMessages} WHERE s.id = ?`,
    [sessionId],
  );
  const known = new Set(except.map(({ id }) => id));
  return rows.filter(({ id }) => !known.has(id));
}

/** The work touches sessions that it has not named: it must run in a transaction of its own. */
class NotShareableError extends Error {}

/** Refreshes what all other sessions that list any of these messages know of them. */
export async function refreshOtherSessions(
  transaction: Transaction,
  messageIds: readonly string[],
  sessionId: string,
): Promise<void> {
  const others = new Set<string>();
  for (const slice of slicesOf(messageIds)) {
    const listing = await transaction.query<{ id: string }>(
      `SELECT DISTINCT s.id AS id FROM ${listedMessages}
       WHERE m.id IN (${placeholders(slice)}) AND s.id <> ?`,
      [...slice, sessionId],
    );
    for (const { id } of listing) others.add(id);
  }
  if (others.size > 0 && transaction.isShared) throw new NotShareableError();
  for (const id of [...others].sort()) await refreshSession(transaction, id);
}

/**
 * Refreshes what a session knows of its messages, and takes its row lock for that: its own events do the
 * same.
 */
export async function refreshSession(transaction: Transaction, sessionId: string): Promise<void> {
  const rows = await transaction.query<SearchedSession>(
    `SELECT ${selectList(sessions, "s", ["id", ...searchedOfSession])} FROM sessions s WHERE s.id = ?${transaction.dialect.forUpdate}`,
    [sessionId],
  );
  const [session] = unpackRows(sessions, rows);
  if (session === undefined) return;
  const listed = await readListed(transaction, sessionId);
  await updateRow(transaction, sessions, { id: sessionId }, countMessages(listed));
  await renewParties(transaction, sessionId, listed);
  await keepTerms(transaction, session, listed);
}
