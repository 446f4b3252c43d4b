import { fromDatetime, toDatetime } from "../../events/instant.js";
import type { SqlReader } from "../database.js";
import { placeholders, selectList } from "../statements.js";
import { type AnalysisRow, analyses } from "../tables/analyses.table.js";
import {
  type Comparator,
  compileComparator,
  type FilterFields,
  type FilterPlace,
  isPresent,
  join,
  storedHash,
  storedId,
} from "./filter.js";
import { maskAnalyzed, maskHash } from "./mask.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/** One analysis of a session's history. Holds the fields that were asked for. */
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

export type AnalysisField = Exclude<keyof AnalysisRecord, "sessionId">;

/** Which columns a field is made of, where they are not the one of its name. */
const columnsOf: Partial<Record<AnalysisField, readonly (keyof AnalysisRow)[]>> = {
  id: ["sessionId", "contentSha256"],
  // Which answers may be seen depends on the questions.
  customAnalysisData: ["customAnalysisData", "revisionId"],
  createdAt: ["eventCreatedAt", "eventCreatedAtDecimals"],
};

const text = { nullable: true, isText: true };
const instant = { stored: (value: string) => toDatetime(value) };

/** The fields of AnalysisFilter and their columns. */
export const analysisFilterFields: FilterFields = {
  id: compileId,
  revisionId: { column: "revision_id", nullable: false, stored: storedHash },
  chatCompletionRating: { column: "chat_completion_rating", ...text },
  chatSummary: { column: "chat_summary", ...text },
  userSentiment: { column: "user_sentiment", ...text },
  createdAt: { column: "event_created_at", nullable: true, ...instant },
  receivedAt: { column: "received_at", nullable: false, ...instant },
};

/** Ids as they are served. The sessions that they begin with are asked for too: those an index finds. */
function compileId(comparator: Comparator<string>, alias: string, place: FilterPlace): SqlCondition {
  const expression = (hash: string) => `CONCAT(${alias}.session_id, ':', ${hash})`;
  const field = { column: "content_sha256", nullable: false, expression, stored: storedAnalysisId };
  const served = compileComparator(comparator, field, alias, place);
  const { eq, in: among } = comparator;
  const sought = isPresent(eq) ? [eq] : (among ?? []);
  if (sought.length === 0) return served;
  const sessionIds = sought.map((id) => storedId(id.slice(0, 36)));
  const ofSessions = `${alias}.session_id IN (${placeholders(sessionIds)})`;
  return join([served, { sql: ofSessions, parameters: sessionIds }], "AND");
}

/** As other ids, in lower case; what is no analysis' id equals none of them. */
function storedAnalysisId(value: string): string {
  return /^[0-9a-f-]{36}:[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : "";
}

/** More columns no spreadsheet shows well. */
const mostNames = 1_000;

/** Reads analyses within a scope. */
export class AnalysisReader {
  /** @param key makes the ids that masked readers see */
  constructor(
    private readonly database: SqlReader,
    private readonly key: string,
  ) {}

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
  async ofSessions(
    scope: Scope,
    sessionIds: readonly string[],
    fields: readonly AnalysisField[],
  ): Promise<AnalysisRecord[]> {
    if (sessionIds.length === 0) return [];
    const columns = new Set<keyof AnalysisRow>(["sessionId"]);
    for (const field of fields)
      for (const column of columnsOf[field] ?? [field as keyof AnalysisRow]) columns.add(column);
    const scoped = scopeCondition(scope, "a");
    const rows = await this.database.read<AnalysisRow>(
      `SELECT ${selectList(analyses, "a", columns)} FROM analyses a
       WHERE a.session_id IN (${placeholders(sessionIds)}) AND ${scoped.sql} ORDER BY a.session_id, a.source DESC`,
      [...sessionIds, ...scoped.parameters],
    );
    return await maskAnalyzed(
      this.database,
      scope,
      rows.map((row) => {
        const record = toRecord(row, new Set(fields));
        if (!fields.includes("id")) return record;
        return { ...record, id: `${row.sessionId}:${maskHash(scope, row.contentSha256, this.key)}` };
      }),
    );
  }
}

/** Turns the row itself into the record, as sessions' are. */
function toRecord(row: AnalysisRow, fields: ReadonlySet<AnalysisField>): AnalysisRecord {
  const record = row as unknown as Record<string, unknown>;
  const { eventCreatedAt, eventCreatedAtDecimals, receivedAt, customAnalysisData } = row;
  if (fields.has("customAnalysisData") && customAnalysisData !== null)
    record.customAnalysisData = JSON.parse(customAnalysisData);
  if (fields.has("createdAt"))
    record.createdAt =
      eventCreatedAt === null ? null : fromDatetime(eventCreatedAt, eventCreatedAtDecimals ?? 6);
  if (fields.has("receivedAt")) record.receivedAt = fromDatetime(receivedAt, 3);
  return record as unknown as AnalysisRecord;
}
