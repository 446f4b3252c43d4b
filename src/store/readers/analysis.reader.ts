import { fromDatetime } from "../../events/instant.js";
import type { SqlReader } from "../database.js";
import { placeholders, selectList } from "../statements.js";
import { type AnalysisRow, analyses } from "../tables/analyses.table.js";
import { maskAnalyzed } from "./mask.js";
import { type Scope, scopeCondition } from "./scope.js";

/** One analysis of a session's history. */
export interface AnalysisRecord {
  /** `<session id>:<content hash>` */
  readonly id: string;
  readonly sessionId: string;
  readonly revisionId: string;
  readonly chatCompletionRating: string | null;
  readonly chatSummary: string | null;
  readonly userSentiment: string | null;
  readonly customAnalysisData: unknown;
  /** The envelope's created_at. */
  readonly createdAt: string | null;
  readonly receivedAt: string;
}

/** More columns no spreadsheet shows well. */
const mostNames = 1_000;

/** Reads analyses within a scope. */
export class AnalysisReader {
  constructor(private readonly database: SqlReader) {}

  /** The names of all answers of current analyses, sorted; at most 1,000. */
  async answerNames(scope: Scope): Promise<string[]> {
    const scoped = scopeCondition(scope, "a");
    const rows = await this.database.read<{ name: string }>(
      `SELECT n.name AS name FROM
         (SELECT a.organization_id, a.name, a.name_trailing_spaces FROM analysis_answers a WHERE ${scoped.sql}
          GROUP BY a.organization_id, a.name, a.name_trailing_spaces) n
       GROUP BY n.name, n.name_trailing_spaces ORDER BY n.name, n.name_trailing_spaces LIMIT ${mostNames}`,
      scoped.parameters,
    );
    return rows.map(({ name }) => name);
  }

  /** Every distinct analysis of these sessions, each session's newest first. */
  async ofSessions(scope: Scope, sessionIds: readonly string[]): Promise<AnalysisRecord[]> {
    if (sessionIds.length === 0) return [];
    const scoped = scopeCondition(scope, "a");
    const rows = await this.database.read<AnalysisRow>(
      `SELECT ${selectList(analyses, "a", columns)} FROM analyses a
       WHERE a.session_id IN (${placeholders(sessionIds)}) AND ${scoped.sql} ORDER BY a.session_id, a.source DESC`,
      [...sessionIds, ...scoped.parameters],
    );
    const records = rows.map((row) => ({
      id: `${row.sessionId}:${row.contentSha256}`,
      sessionId: row.sessionId,
      revisionId: row.revisionId,
      chatCompletionRating: row.chatCompletionRating,
      chatSummary: row.chatSummary,
      userSentiment: row.userSentiment,
      customAnalysisData:
        row.customAnalysisData === null ? null : (JSON.parse(row.customAnalysisData) as unknown),
      createdAt:
        row.eventCreatedAt === null
          ? null
          : fromDatetime(row.eventCreatedAt, row.eventCreatedAtDecimals ?? 6),
      receivedAt: fromDatetime(row.receivedAt, 3),
    }));
    return await maskAnalyzed(this.database, scope, records);
  }
}

const columns = [
  "sessionId",
  "contentSha256",
  "revisionId",
  "chatCompletionRating",
  "chatSummary",
  "userSentiment",
  "customAnalysisData",
  "eventCreatedAt",
  "eventCreatedAtDecimals",
  "receivedAt",
] as const satisfies readonly (keyof AnalysisRow)[];
