import type { Served } from "../../model/declare.js";
import { Analysis, type AnalysisRow } from "../../model/analysis.js";
import { storedId } from "../../model/kinds.js";
import { uuidPattern } from "../../model/uuid.js";
import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { analyses } from "../sql/tables.js";
import {
  type Comparator,
  compileComparator,
  type FilterFields,
  type FilterPlace,
  isPresent,
  join,
} from "./filter.js";
import { maskAnalyzed, maskHash, type Withheld } from "./mask.js";
import { shapeOf, storedFor, recordMaker } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/**
 * One analysis of a session: its id is `<session id>:<content hash>`. Holds the fields that were asked for.
 */
export type AnalysisRecord = Served<Analysis> & Withheld;

/** The fields of AnalysisFilter and their columns. */
export const analysisFilterFields: FilterFields = { id: compileId, ...shapeOf(Analysis).filterFields };

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
  return analysisId.test(value) ? value.toLowerCase() : "";
}

const analysisId = new RegExp(`^${uuidPattern}:[0-9a-f]{64}$`, "i");

/** Analyses are few for each session, and their key finds them. */
const newestOfSession = "a.source = (SELECT MAX(n.source) FROM analyses n WHERE n.session_id = a.session_id)";

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
    fields: readonly string[],
  ): Promise<AnalysisRecord[]> {
    return await this.read(scope, sessionIds, fields, "1 = 1");
  }

  /** The current analysis of each of these sessions: the one whose event is the newest. */
  async currentOfSessions(
    scope: Scope,
    sessionIds: readonly string[],
    fields: readonly string[],
  ): Promise<AnalysisRecord[]> {
    return await this.read(scope, sessionIds, fields, newestOfSession);
  }

  private async read(
    scope: Scope,
    sessionIds: readonly string[],
    fields: readonly string[],
    which: string,
  ): Promise<AnalysisRecord[]> {
    if (sessionIds.length === 0) return [];
    const columns = storedFor<keyof AnalysisRow>(Analysis, fields, [
      "sessionId",
      ...(fields.includes("id") ? (["contentSha256"] as const) : []),
    ]);
    const scoped = scopeCondition(scope, "a");
    const rows = await this.database.read<AnalysisRow>(
      `SELECT ${selectList(analyses, "a", columns)} FROM analyses a
       WHERE a.session_id IN (${placeholders(sessionIds)}) AND ${scoped.sql} AND ${which}
       ORDER BY a.session_id, a.source DESC`,
      [...sessionIds, ...scoped.parameters],
    );
    const wanted = new Set(fields);
    const toRecord = recordMaker(Analysis, wanted);
    return await maskAnalyzed(
      this.database,
      scope,
      Analysis,
      rows.map((row) => {
        const record = toRecord(row) as AnalysisRecord;
        if (!wanted.has("id")) return record;
        return { ...record, id: `${row.sessionId}:${maskHash(scope, row.contentSha256, this.key)}` };
      }),
    );
  }
}
