import type { SessionFacts } from "../../events/session-payload.js";
import type { Transaction } from "../database.js";
import { searchTerms } from "../search-terms.js";
import { insertRowsLater, placeholders } from "../statements.js";
import { type SearchTextRow, searchTexts } from "../tables/search-texts.table.js";
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
    if (worded.length > 0) await overwrite(transaction, worded);
  }
}

/**
 * MySQL (9.7) leaves a new row out of its full-text index where the same statement meets an existing one after it; so there the
 * existing ones go first, in a statement of their own.
 */
async function overwrite(transaction: Transaction, rows: readonly SearchTextRow[]): Promise<void> {
  if (transaction.dialect !== "mysql") {
    await insertRowsLater(transaction, searchTexts, rows, { overwrite: ["terms"] });
    return;
  }
  await transaction.later(
    `DELETE FROM search_texts WHERE owner_id IN (${placeholders(rows)})`,
    rows.map(({ ownerId }) => ownerId),
  );
  await insertRowsLater(transaction, searchTexts, rows);
}
