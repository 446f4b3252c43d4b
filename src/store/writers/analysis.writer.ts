import { contentHash, type SessionSnapshot } from "../../events/session-payload.js";
import type { RevisionFacts } from "../../model/agent-version.js";
import { readQuestions } from "../../events/questions.js";
import type { OrderKey } from "../../events/merge.js";
import type { Transaction } from "../sql/transaction.js";
import { insertRows, insertRowsLater, selectList, updateRow } from "../sql/statements.js";
import { type AnalysisRow, type StoredAnswerRow, textPrefix } from "../../model/analysis.js";
import { analyses, analysisAnswers } from "../sql/tables.js";
import type { EventReceipt } from "./event-receipt.js";

/** Longer names of answers stay in customAnalysisData alone: an index cannot hold them. */
export const longestName = 255;

/** Which analysis it is: hash of its content. */
export function analysisHash(
  content: Pick<AnalysisRow, "chatCompletionRating" | "chatSummary" | "userSentiment" | "customAnalysisData">,
): string {
  const { chatCompletionRating, chatSummary, userSentiment, customAnalysisData } = content;
  const answers: unknown = customAnalysisData === null ? null : JSON.parse(customAnalysisData);
  return contentHash([chatCompletionRating, chatSummary, userSentiment, answers]);
}

/**
 * Keeps every distinct analysis of a session, and the current one's answers typed. The caller holds the
 * session's row lock.
 */
export class AnalysisWriter {
  /**
   * Adds to the history. The same content again moves the row to its newest event, and keeps the first
   * receipt.
   * @param isFirst no analysis of the session was received before
   * @returns whether the history has another analysis than before, or another one as the current
   */
  async keep(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    receipt: EventReceipt,
    source: OrderKey,
    isFirst: boolean,
  ): Promise<boolean> {
    const { chatCompletionRating, chatSummary, userSentiment, customAnalysisData } = snapshot.session;
    const content = { chatCompletionRating, chatSummary, userSentiment, customAnalysisData };
    const key = { sessionId: snapshot.id, contentSha256: analysisHash(content) };
    const { receivedAt } = receipt;
    const sighting = {
      revisionId: snapshot.revision.id,
      eventId: receipt.id,
      eventCreatedAt: receipt.createdAt,
      eventCreatedAtDecimals: receipt.createdAtDecimals,
      source,
    };
    const row = { ...key, organizationId: snapshot.organizationId, ...content, ...sighting, receivedAt };
    if (isFirst) {
      await insertRowsLater(transaction, analyses, [row]);
      return true;
    }
    if ((await insertRows(transaction, analyses, [row], "keep")) > 0) return true;
    const history = await transaction.query<Pick<AnalysisRow, "contentSha256" | "source" | "receivedAt">>(
      `SELECT content_sha256 AS contentSha256, source, received_at AS receivedAt FROM analyses
       WHERE session_id = ? ORDER BY source DESC${transaction.dialect.forUpdate}`,
      [key.sessionId],
    );
    const [current] = history;
    const known = history.find(({ contentSha256 }) => contentSha256 === key.contentSha256);
    if (current === undefined || known === undefined) return false;
    const changes = {
      // Its keys may stand in another order now; the newest text is kept, as in the session.
      ...(source > known.source && { ...sighting, customAnalysisData }),
      ...(receivedAt < known.receivedAt && { receivedAt }),
    };
    if (Object.keys(changes).length > 0) await updateRow(transaction, analyses, key, changes);
    return known !== current && source > current.source;
  }

  /** Makes the typed answers those of the session's current analysis data. */
  async replaceAnswers(
    transaction: Transaction,
    session: { readonly id: string; readonly organizationId: string; readonly hadAnswers: boolean },
    customAnalysisData: string | null,
    revision: RevisionFacts,
  ): Promise<void> {
    if (session.hadAnswers)
      await transaction.later("DELETE FROM analysis_answers WHERE session_id = ?", [session.id]);
    const rows = typedAnswers(session, customAnalysisData, revision);
    await insertRowsLater(transaction, analysisAnswers, rows);
  }
}

/**
 * Makes the history anew after something was taken out of it: the hash of what was there before would let it
 * be guessed. Analyses that are the same by then are one, as they are when their events are projected again.
 */
export async function rehashAnalyses(transaction: Transaction, sessionId: string): Promise<void> {
  const history = await transaction.query<AnalysisRow>(
    `SELECT ${selectList(analyses, "a", analyses.properties)} FROM analyses a WHERE a.session_id = ?
     ORDER BY a.source DESC`,
    [sessionId],
  );
  const rehashed = new Map<string, AnalysisRow>();
  for (const row of history) {
    const contentSha256 = analysisHash(row);
    const newer = rehashed.get(contentSha256) ?? row;
    const receivedAt = row.receivedAt < newer.receivedAt ? row.receivedAt : newer.receivedAt;
    rehashed.set(contentSha256, { ...newer, contentSha256, receivedAt });
  }
  await transaction.execute("DELETE FROM analyses WHERE session_id = ?", [sessionId]);
  await insertRows(transaction, analyses, [...rehashed.values()]);
}

function typedAnswers(
  session: { readonly id: string; readonly organizationId: string },
  customAnalysisData: string | null,
  revision: RevisionFacts,
): StoredAnswerRow[] {
  const answers: unknown = customAnalysisData === null ? null : JSON.parse(customAnalysisData);
  if (typeof answers !== "object" || answers === null || Array.isArray(answers)) return [];
  const questionTypes = new Map(
    readQuestions(revision.providerSettings).map(({ name, type }) => [name, type]),
  );
  return Object.entries(answers)
    .filter(([name]) => name.length <= longestName)
    .map(([name, value]: [string, unknown], position) => ({
      sessionId: session.id,
      position,
      organizationId: session.organizationId,
      name,
      nameTrailingSpaces: name.length - name.replace(/(?<! ) +$/, "").length,
      questionType: questionTypes.get(name) ?? null,
      ...typedValue(value),
    }));
}

function typedValue(value: unknown) {
  const stringValue = typeof value === "string" ? value : null;
  return {
    valueType: value === null ? "null" : Array.isArray(value) ? "array" : typeof value,
    stringValue,
    stringPrefix: stringValue === null ? null : textPrefix(stringValue),
    numberValue: typeof value === "number" ? value : null,
    booleanValue: typeof value === "boolean" ? Number(value) : null,
  };
}
