import type { ClassType } from "type-graphql";
import { propertiesOf } from "../../model/declare.js";
import { Message, type MessageFacts } from "../../model/message.js";
import { Session, type SessionFacts } from "../../model/session.js";
import type { Transaction } from "../sql/transaction.js";
import { searchTerms } from "../search-terms.js";
import { insertRowsLater } from "../sql/statements.js";
import { sessionTerms } from "../sql/tables.js";

type Name<Facts> = keyof Facts & string;

/** The fields that a search looks into. */
function searchedOf<Facts>(type: ClassType): Name<Facts>[] {
  return propertiesOf(type).flatMap(({ name, traits }) => (traits.searched ? [name as Name<Facts>] : []));
}

export const searchedOfSession = searchedOf<SessionFacts>(Session);
export const searchedOfMessage = searchedOf<MessageFacts>(Message);

export type SearchedSession = Pick<SessionFacts, Name<SessionFacts>> & { readonly id: string };

/**
 * Keeps the words of a session for searches: one row, of its own texts and of all messages that it lists. A
 * text may be overwritten by an empty one, and then there may be no word left. With SEARCH=off none is kept,
 * and one that was kept before goes with the session's next change, so that none is ever stale.
 */
export async function keepTerms(
  transaction: Transaction,
  session: SearchedSession,
  listed: readonly MessageFacts[],
): Promise<void> {
  const texts = [
    ...searchedOfSession.map((name) => session[name]),
    ...listed.flatMap((message) => searchedOfMessage.map((name) => message[name])),
  ];
  const { isSearched } = transaction.dialect;
  const terms = isSearched ? searchTerms(texts.filter((text) => typeof text === "string")) : "";
  const row = { sessionId: session.id, terms };
  if (terms === "") await transaction.later("DELETE FROM session_terms WHERE session_id = ?", [session.id]);
  else await insertRowsLater(transaction, sessionTerms, [row], { overwrite: ["terms"] });
}
