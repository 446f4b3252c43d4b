import type { MessageFacts } from "../../model/message.js";
import type { SessionFacts } from "../../model/session.js";
import type { Transaction } from "../database.js";
import { searchTerms } from "../search-terms.js";
import { insertRowsLater } from "../statements.js";
import { sessionTerms } from "../tables.js";

/** The texts of a session that a search looks into, beside its messages. */
export const searchedFields = ["chatTranscript", "translatedChatTranscript", "chatSummary"] as const;

export type SearchedSession = { readonly id: string } & Pick<SessionFacts, (typeof searchedFields)[number]>;

/**
 * Keeps the words of a session for searches: one row, of its own texts and of all messages that it lists. A text may be overwritten by an
 * empty one, and then there may be no word left.
 */
export async function keepTerms(
  transaction: Transaction,
  session: SearchedSession,
  listed: readonly Pick<MessageFacts, "body" | "translatedBody">[],
): Promise<void> {
  const terms = searchTerms([
    ...searchedFields.map((field) => session[field]),
    ...listed.flatMap(({ body, translatedBody }) => [body, translatedBody]),
  ]);
  const row = { sessionId: session.id, terms };
  if (terms === "") await transaction.later("DELETE FROM session_terms WHERE session_id = ?", [session.id]);
  else await insertRowsLater(transaction, sessionTerms, [row], { overwrite: ["terms"] });
}
