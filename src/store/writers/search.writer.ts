import type { SessionFacts } from "../../events/session-payload.js";
import type { Transaction } from "../database.js";
import { searchTerms } from "../search-terms.js";
import { insertRows } from "../statements.js";
import { searchTexts } from "../tables/search-texts.table.js";
import type { MessageTexts } from "./message.writer.js";

/** The texts of a session that a search looks into, beside its messages. */
export const searchedFields = ["chatTranscript", "translatedChatTranscript", "chatSummary"] as const;

type SearchedSession = { readonly id: string } & Pick<SessionFacts, (typeof searchedFields)[number]>;

/** Keeps the words of sessions and messages for searches, in one statement. The caller holds the locks of what it names. */
export class SearchWriter {
  /** @param session undefined where its own texts are what they were */
  async keep(
    transaction: Transaction,
    session: SearchedSession | undefined,
    messages: readonly MessageTexts[],
  ): Promise<void> {
    const rows = messages.map(({ id, body, translatedBody }) => ({
      ownerId: id,
      terms: searchTerms([body, translatedBody]),
    }));
    if (session !== undefined)
      rows.push({ ownerId: session.id, terms: searchTerms(searchedFields.map((field) => session[field])) });
    // Texts are never unsaid (a null overwrites nothing), so no row is left behind by leaving empty ones out.
    const worded = rows.filter(({ terms }) => terms !== "");
    worded.sort((a, b) => (a.ownerId < b.ownerId ? -1 : 1));
    if (worded.length > 0) await insertRows(transaction, searchTexts, worded, { overwrite: ["terms"] });
  }
}
