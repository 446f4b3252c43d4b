import type { Served } from "../../model/declare.js";
import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { Session, type SessionRow } from "../../model/session.js";
import { sessions } from "../sql/tables.js";
import { type SubqueryForm, join } from "./filter.js";
import { type CarriesVersion, contentsMark, contentsMarkColumn } from "./known-versions.js";
import { maskAnalyzed, type Withheld } from "./mask.js";
import { type OrderTerm, type Slice, sortAsStored, toSlice, windowSql } from "./page.js";
import { onceForFields, positionsIn, recordMaker, storedFor } from "./record.js";
import { type Scope, scopeCondition } from "./scope.js";
import {
  type Children,
  countsByParent,
  firstOfEach,
  groupedByParent,
  namedBy,
  type ParentCount,
} from "./parents.js";
import { sessionConditions } from "./session-filter.js";
import { isKept } from "./session-order.js";
import { type PageQuery, SessionPages } from "./session-pages.js";
import { conditionsOfAll } from "./session-search.js";

/**
 * A session as it is served. Holds the fields that were asked for, and the stored values that cursors are
 * made of.
 */
export type SessionRecord = Served<Session> & Withheld & CarriesVersion;

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
    const { wanted, columns } = askedOf(fields);
    const rows = await this.database.read<SessionRow>(
      `SELECT ${columns}
       FROM sessions s WHERE s.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return await this.records(scope, rows, wanted);
  }

  async page(scope: Scope, query: PageQuery, fields: Iterable<string>): Promise<Slice<SessionRecord>> {
    const { wanted } = askedOf(fields);
    const rows = await this.pages.find(scope, query, columnsOfPage(query.order, wanted), marked(wanted));
    const slice = toSlice(rows, query.window, positionsIn(Session, query.order, wanted));
    return { ...slice, rows: await this.records(scope, slice.rows, wanted) };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = await conditionsOfAll(this.database, scope, filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /**
   * How many sessions of each of these parents match, in one statement; parents of which none does are left
   * out.
   */
  async countOfParents(
    scope: Scope,
    kind: ParentKind,
    parentIds: readonly string[],
    filter: object,
  ): Promise<ReadonlyMap<string, number>> {
    const { column } = sessionsOf(kind);
    const named = namedBy(sessionsOf(kind), parentIds);
    const where = [named, ...(await conditionsOfAll(this.database, scope, filter, [named]))];
    const rows = await this.database.read<ParentCount>(
      `SELECT s.${column} AS id, COUNT(*) AS count FROM sessions s
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} GROUP BY s.${column}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return countsByParent(rows);
  }

  /** The same window of sessions of each of many parents, in one statement. */
  async ofParents(
    scope: Scope,
    kind: ParentKind,
    parentIds: readonly string[],
    query: PageQuery,
    fields: Iterable<string>,
  ): Promise<Map<string, Slice<SessionRecord>>> {
    const wanted = new Set<string>([...fields, "id", kind]);
    const window = windowSql(query.order, query.window);
    const where = join([...this.matching(scope, query.filter, "each"), ...window.conditions], "AND");
    const found = firstOfEach(sessionsOf(kind), parentIds, where, window, this.database.dialect.unionLimits);
    const rows = await this.database.read<SessionRow>(
      `SELECT ${selectList(sessions, "s", columnsOfPage(query.order, wanted))}${marked(wanted)}
       FROM (${found.sql}) found JOIN sessions s ON s.id = found.id
       ${isKept(query.order) ? "" : `ORDER BY ${window.orderBy}`}`,
      found.parameters,
    );
    if (isKept(query.order)) sortAsStored(rows, query.order, query.window.fromEnd);
    const records = await this.records(scope, rows, wanted);
    const positionOf = positionsIn(Session, query.order, wanted);
    const own = groupedByParent(parentIds, records, (record) => record[kind]);
    return new Map(
      Array.from(own, ([id, sessionsOfIt]) => [id, toSlice(sessionsOfIt, query.window, positionOf)]),
    );
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
  ): Promise<SessionRecord[]> {
    return await maskAnalyzed(
      this.database,
      scope,
      Session,
      rows.map(recordMaker(Session, wanted)) as SessionRecord[],
    );
  }

  private matching(scope: Scope, filter: object, form: SubqueryForm = "all") {
    return sessionConditions(scope, filter, { dialect: this.database.dialect, form });
  }
}

/** What statements need to know of the fields that are asked for. */
const askedOf = onceForFields((fields) => {
  const wanted: ReadonlySet<string> = new Set([...fields, "id"]);
  const stored = storedFor<keyof SessionRow>(Session, wanted);
  return { wanted, columns: `${selectList(sessions, "s", stored)}${marked(wanted)}` };
});

/** The mark of the versions' contents, where it is asked for, after the columns of a statement. */
function marked(wanted: ReadonlySet<string>): string {
  return wanted.has(contentsMark) ? `, ${contentsMarkColumn}` : "";
}

/** The columns of a page: cursors are made of those that it is ordered by. */
function columnsOfPage(order: readonly OrderTerm[], wanted: Iterable<string>): Set<keyof SessionRow> {
  return storedFor(
    Session,
    wanted,
    order.map(({ property }) => property as keyof SessionRow),
  );
}

/** What sessions hang on, by the field that names it. */
export type ParentKind = "agentId" | "agentVersionId" | "conversationId";

function sessionsOf(kind: ParentKind): Children {
  return { from: "sessions s", alias: "s", column: sessions.column(kind) };
}
