import type { QueryRunner } from "typeorm";
import { searchTerms } from "../search-terms.js";
import { placeholders } from "../statements.js";

const sessionsAtOnce = 200;

interface SessionTexts {
  readonly id: string;
  readonly transcript: string | null;
  readonly translation: string | null;
  readonly summary: string | null;
}

interface MessageTexts {
  readonly sessionId: string;
  readonly body: string | null;
  readonly translation: string | null;
}

/** Cuts the texts of all stored sessions into words, in the order of their ids: some thousands a second. */
export async function fillSessionTerms(runner: QueryRunner): Promise<void> {
  for (let last = ""; ;) {
    const sessions = (await runner.query(
      `SELECT id, chat_transcript AS transcript, translated_chat_transcript AS translation, chat_summary AS summary
       FROM sessions WHERE id > ? ORDER BY id LIMIT ${sessionsAtOnce}`,
      [last],
    )) as SessionTexts[];
    const end = sessions.at(-1);
    if (end === undefined) return;
    last = end.id;
    const messages = (await runner.query(
      `SELECT j.session_id AS sessionId, m.body AS body, m.translated_body AS translation
       FROM session_messages j JOIN messages m ON m.id = j.message_id WHERE j.session_id IN (${placeholders(sessions)})`,
      sessions.map(({ id }) => id),
    )) as MessageTexts[];
    const texts = new Map(
      sessions.map(({ id, transcript, translation, summary }) => [id, [transcript, translation, summary]]),
    );
    for (const { sessionId, body, translation } of messages) texts.get(sessionId)?.push(body, translation);
    const rows = Array.from(texts, ([id, own]) => [id, searchTerms(own)]).filter(([, terms]) => terms !== "");
    if (rows.length === 0) continue;
    await runner.query(
      `INSERT INTO session_terms (session_id, terms) VALUES ${rows.map(() => "(?, ?)").join(", ")}`,
      rows.flat(),
    );
  }
}
