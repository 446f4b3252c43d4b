import type { SessionFacts } from "../../events/session-payload.js";
import type { Transaction } from "../database.js";
import { forUpdate } from "../dialect.js";
import { searchTerms } from "../search-terms.js";
import { insertRowsLater, placeholders, selectList } from "../statements.js";
import { messages } from "../tables/messages.table.js";
import { sessions } from "../tables/sessions.table.js";
import { type SessionTermsRow, sessionTerms } from "../tables/session-terms.table.js";
import type { MessagesOutcome, MessageTexts } from "./message.writer.js";

/** The texts of a session that a search looks into, beside its messages. */
export const searchedFields = ["chatTranscript", "translatedChatTranscript", "chatSummary"] as const;

type SearchedSession = { readonly id: string } & Pick<SessionFacts, (typeof searchedFields)[number]>;

/** Keeps the words of sessions for searches: one row a session, of its own texts and of all messages that it lists. */
export class SearchWriter {
  /**
   * The caller holds the locks of the session and of the event's messages.
   * @param session as it stands now, with the number of messages that it lists
   */
  async keep(
    transaction: Transaction,
    session: SearchedSession & { readonly messageCount: number },
    { texts, rewritten }: MessagesOutcome,
  ): Promise<void> {
    const unnamed =
      session.messageCount > texts.length ? await messagesOf(transaction, session.id, texts) : [];
    await store(transaction, toRow(session, [...texts, ...unnamed]));
    if (rewritten.length === 0) return;
    const others = await transaction.query<{ id: string }>(
      `SELECT DISTINCT session_id AS id FROM session_messages
       WHERE message_id IN (${placeholders(rewritten)}) AND session_id <> ? ORDER BY session_id`,
      [...rewritten, session.id],
    );
    for (const { id } of others) await rewriteTerms(transaction, id);
  }
}

/** Makes a session's words anew of what is stored, and takes its row lock for that: its own events keep them too. */
export async function rewriteTerms(transaction: Transaction, sessionId: string): Promise<void> {
  const [session] = await transaction.query<SearchedSession>(
    `SELECT ${selectList(sessions, "s", ["id", ...searchedFields])} FROM sessions s WHERE s.id = ?${forUpdate(transaction.dialect)}`,
    [sessionId],
  );
  if (session !== undefined)
    await store(transaction, toRow(session, await messagesOf(transaction, sessionId)));
}

/** A text may be overwritten by an empty one, and then there may be no word left. */
async function store(transaction: Transaction, row: SessionTermsRow): Promise<void> {
  if (row.terms === "")
    await transaction.later("DELETE FROM session_terms WHERE session_id = ?", [row.sessionId]);
  else await insertRowsLater(transaction, sessionTerms, [row], { overwrite: ["terms"] });
}

/** The texts of the messages that a session lists, all or all but some. */
async function messagesOf(
  transaction: Transaction,
  sessionId: string,
  except: readonly MessageTexts[] = [],
): Promise<MessageTexts[]> {
  const rows = await transaction.query<MessageTexts>(
    `SELECT ${selectList(messages, "m", ["id", "body", "translatedBody"])}
     FROM session_messages j JOIN messages m ON m.id = j.message_id WHERE j.session_id = ?`,
    [sessionId],
  );
  const known = new Set(except.map(({ id }) => id));
  return rows.filter(({ id }) => !known.has(id));
}

function toRow(session: SearchedSession, listed: readonly MessageTexts[]): SessionTermsRow {
  const texts = [
    ...searchedFields.map((field) => session[field]),
    ...listed.flatMap(({ body, translatedBody }) => [body, translatedBody]),
  ];
  return { sessionId: session.id, terms: searchTerms(texts) };
}
