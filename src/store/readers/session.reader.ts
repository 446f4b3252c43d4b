import type { Served } from "../../model/declare.js";
import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { Session, type SessionRow } from "../../model/session.js";
import { sessions } from "../sql/tables.js";
import { type Asking, join } from "./filter.js";
import { maskAnalyzed, type Withheld } from "./mask.js";
import { type OrderTerm, type Slice, toSlice, windowSql } from "./page.js";
import { storedFor, toRecord } from "./record.js";
import { type Scope, scopeCondition, type SqlCondition } from "./scope.js";
import { sessionConditions } from "./session-filter.js";
import { type PageQuery, SessionPages } from "./session-pages.js";
import { conditionsOfAll } from "./session-search.js";

/** A session as it is served. Holds the fields that were asked for, and the stored values that cursors are made of. */
export type SessionRecord = Served<Session> &
  Withheld & { readonly position: readonly (string | number | null)[] };

/** Reads sessions within a scope, only the columns that were asked for. */
export class SessionReader {
  private readonly pages: SessionPages;

  /** @param nearbyPerRow see {@link SessionPages} */
  constructor(
    private readonly database: SqlReader,
    nearbyPerRow?: number,
  ) {
    this.pages = new SessionPages(database, nearbyPerRow);
  }

  async byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<SessionRecord[]> {
    if (ids.length === 0) return [];
    const scoped = scopeCondition(scope, "s");
    const wanted = new Set<string>([...fields, "id"]);
    const rows = await this.database.read<SessionRow>(
      `SELECT ${selectList(sessions, "s", storedFor<keyof SessionRow>(Session, wanted))} FROM sessions s
       WHERE s.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return await this.records(scope, rows, wanted, []);
  }

  async page(scope: Scope, query: PageQuery, fields: Iterable<string>): Promise<Slice<SessionRecord>> {
    const wanted = new Set<string>([...fields, "id"]);
    const rows = await this.pages.find(scope, query, columnsOfPage(query.order, wanted));
    const slice = toSlice(rows, query.window);
    return { ...slice, rows: await this.records(scope, slice.rows, wanted, query.order) };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = await conditionsOfAll(this.database, scope, filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /** How many sessions of each of these agent versions match, in one statement; versions of which none does are left out. */
  async countOfAgentVersions(
    scope: Scope,
    agentVersionIds: readonly string[],
    filter: object,
  ): Promise<ReadonlyMap<string, number>> {
    const ofVersions = {
      sql: `s.agent_version_id IN (${placeholders(agentVersionIds)})`,
      parameters: agentVersionIds,
    };
    const where = [ofVersions, ...(await conditionsOfAll(this.database, scope, filter, [ofVersions]))];
    const rows = await this.database.read<{ id: string; count: number | string }>(
      `SELECT s.agent_version_id AS id, COUNT(*) AS count FROM sessions s
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} GROUP BY s.agent_version_id`,
      where.flatMap(({ parameters }) => parameters),
    );
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }

  /**
   * The same window of sessions of each of many agent versions, in one statement. Each version's part is a walk of its own along an
   * index, so that what is read does not grow with the sessions that a version has; where versions and conditions are too many for that,
   * all of their sessions that match are read.
   */
  async ofAgentVersions(
    scope: Scope,
    agentVersionIds: readonly string[],
    query: PageQuery,
    fields: Iterable<string>,
  ): Promise<Map<string, Slice<SessionRecord>>> {
    const wanted = new Set<string>([...fields, "id", "agentVersionId"]);
    const window = windowSql(query.order, query.window);
    const where = join([...this.matching(scope, query.filter, "each"), ...window.conditions], "AND");
    const limits = this.database.dialect.unionLimits;
    const { length } = agentVersionIds;
    const canWalk = length <= limits.selects && length * where.sql.length <= limits.characters;
    const found = canWalk ? walks(agentVersionIds, where, window) : ranks(agentVersionIds, where, window);
    const rows = await this.database.read<SessionRow>(
      `SELECT ${selectList(sessions, "s", columnsOfPage(query.order, wanted))}
       FROM (${found.sql}) found JOIN sessions s ON s.id = found.id ORDER BY ${window.orderBy}`,
      found.parameters,
    );
    const records = await this.records(scope, rows, wanted, query.order);
    const byVersion = new Map<string, SessionRecord[]>(agentVersionIds.map((id) => [id, []]));
    for (const record of records) byVersion.get(record.agentVersionId)?.push(record);
    return new Map(Array.from(byVersion, ([id, own]) => [id, toSlice(own, query.window)]));
  }

  /** Which of these sessions match a filter. */
  async matchingIds(scope: Scope, filter: object, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const where = this.matching(scope, filter, "each");
    const rows = await this.database.read<{ id: string }>(
      `SELECT s.id FROM sessions s WHERE s.id IN (${placeholders(ids)}) AND ${where.map(({ sql }) => sql).join(" AND ")}`,
      [...ids, ...where.flatMap(({ parameters }) => parameters)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** The one way from rows to what is served: masked where the scope says so. */
  private async records(
    scope: Scope,
    rows: readonly SessionRow[],
    wanted: ReadonlySet<string>,
    order: readonly OrderTerm[],
  ): Promise<SessionRecord[]> {
    return await maskAnalyzed(
      this.database,
      scope,
      Session,
      rows.map((row) => {
        const position = order.map(({ property }) => row[property as keyof SessionRow]);
        return toRecord(Session, row, wanted, position) as SessionRecord;
      }),
    );
  }

  private matching(scope: Scope, filter: object, ask: Asking = "all") {
    return sessionConditions(scope, filter, { dialect: this.database.dialect, ask });
  }
}

/** The columns of a page: cursors are made of those that it is ordered by. */
function columnsOfPage(order: readonly OrderTerm[], wanted: Iterable<string>): Set<keyof SessionRow> {
  return storedFor(
    Session,
    wanted,
    order.map(({ property }) => property as keyof SessionRow),
  );
}

type WindowSql = Pick<ReturnType<typeof windowSql>, "orderBy" | "limit">;

/** The ids of the first sessions of each agent version, by a walk for each. */
function walks(
  agentVersionIds: readonly string[],
  where: SqlCondition,
  { orderBy, limit }: WindowSql,
): SqlCondition {
  const walk = `SELECT s.id FROM sessions s WHERE s.agent_version_id = ? AND ${where.sql} ORDER BY ${orderBy} LIMIT ${limit}`;
  return {
    sql: agentVersionIds.map((_, index) => `SELECT id FROM (${walk}) v${index}`).join(" UNION ALL "),
    parameters: agentVersionIds.flatMap((id) => [id, ...where.parameters]),
  };
}

/** The same ids, from all sessions of these versions that match. */
function ranks(
  agentVersionIds: readonly string[],
  where: SqlCondition,
  { orderBy, limit }: WindowSql,
): SqlCondition {
  return {
    sql: `SELECT id FROM (
        SELECT s.id, ROW_NUMBER() OVER (PARTITION BY s.agent_version_id ORDER BY ${orderBy}) AS ordinal FROM sessions s
        WHERE s.agent_version_id IN (${placeholders(agentVersionIds)}) AND ${where.sql}) ranked WHERE ordinal <= ${limit}`,
    parameters: [...agentVersionIds, ...where.parameters],
  };
}
