import { contentHash, type SessionSnapshot } from "../../events/session-payload.js";
import type { RevisionFacts } from "../../model/agent-version.js";
import { readQuestions } from "../../events/questions.js";
import type { OrderKey } from "../../events/merge.js";
import type { Transaction } from "../sql/transaction.js";
import { insertRows, insertRowsLater, updateRow } from "../sql/statements.js";
import { analyses } from "../sql/tables.js";
import { type StoredAnswerRow, textPrefix } from "../../model/analysis.js";
import { analysisAnswers } from "../sql/tables.js";
import type { EventReceipt } from "./event-receipt.js";

/** Longer names of answers stay in customAnalysisData alone: an index cannot hold them. */
const longestName = 255;

/**
 * Keeps every distinct analysis of a session, and the current one's answers typed. The caller holds the
 * session's row lock.
 */
export class AnalysisWriter {
  /**
   * Adds to the history. The same content again only moves the row to its newest event.
   * @param isFirst no analysis of the session was received before
   */
  async keep(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    receipt: EventReceipt,
    source: OrderKey,
    isFirst: boolean,
  ): Promise<void> {
    const { chatCompletionRating, chatSummary, userSentiment, customAnalysisData } = snapshot.session;
    const parsed: unknown = customAnalysisData === null ? null : JSON.parse(customAnalysisData);
    const contentSha256 = contentHash([chatCompletionRating, chatSummary, userSentiment, parsed]);
    const key = { sessionId: snapshot.id, contentSha256 };
    const sighting = {
      revisionId: snapshot.revision.id,
      eventId: receipt.id,
      eventCreatedAt: receipt.createdAt,
      eventCreatedAtDecimals: receipt.createdAtDecimals,
      receivedAt: receipt.receivedAt,
      source,
    };
    const content = { chatCompletionRating, chatSummary, userSentiment, customAnalysisData };
    const row = { ...key, organizationId: snapshot.organizationId, ...content, ...sighting };
    if (isFirst) {
      await insertRowsLater(transaction, analyses, [row]);
      return;
    }
    if ((await insertRows(transaction, analyses, [row], "keep")) > 0) return;
    const [known] = await transaction.query<{ source: string }>(
      `SELECT source FROM analyses WHERE session_id = ? AND content_sha256 = ?${transaction.dialect.forUpdate}`,
      [key.sessionId, key.contentSha256],
    );
    // Its keys may stand in another order now; the newest text is kept, as in the session.
    if (known !== undefined && source > known.source)
      await updateRow(transaction, analyses, key, { ...sighting, customAnalysisData });
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
