import type { Served } from "../../model/declare.js";
import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { Session, type SessionRow } from "../../model/session.js";
import { sessions } from "../sql/tables.js";
import { type SubqueryForm, join } from "./filter.js";
import { type CarriesVersion, contentsMark, contentsMarkColumn } from "./known-versions.js";
import { maskAnalyzed, type Withheld } from "./mask.js";
import { type OrderTerm, type Slice, sortAsStored, toSlice, windowSql } from "./page.js";
import { onceFor } from "./once.js";
import { positionsIn, recordMaker, storedFor } from "./record.js";
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
    const asked = askedOf(fields);
    const [id] = ids;
    const { database } = this;
    if (id === undefined) return [];
    if (ids.length > 1 || database.gather === undefined) return await this.found(scope, ids, asked);
    const session = await database.gather(asked, id, async (reader, all) => {
      const found = await new SessionReader(reader).found(scope, all, asked);
      return new Map(found.map((each) => [each.id, each]));
    });
    return session === undefined ? [] : [session];
  }

  private async found(scope: Scope, ids: readonly string[], asked: Asked): Promise<SessionRecord[]> {
    const scoped = scopeCondition(scope, "s");
    const rows = await this.database.read<SessionRow>(
      `SELECT ${asked.columns}
       FROM sessions s WHERE s.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return await this.records(scope, rows, asked);
  }

  async page(scope: Scope, query: PageQuery, fields: Iterable<string>): Promise<Slice<SessionRecord>> {
    const asked = askedOf(fields);
    const { columns, positionOf } = asked.inOrder(query.order);
    const rows = await this.pages.find(scope, query, columns);
    const slice = toSlice(rows, query.window, positionOf);
    return { ...slice, rows: await this.records(scope, slice.rows, asked) };
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
    const asked = askedOfChildren[kind](fields);
    const { columns, positionOf } = asked.inOrder(query.order);
    const window = windowSql(query.order, query.window);
    const where = join([...this.matching(scope, query.filter, "each"), ...window.conditions], "AND");
    const found = firstOfEach(sessionsOf(kind), parentIds, where, window, this.database.dialect.unionLimits);
    const rows = await this.database.read<SessionRow>(
      `SELECT ${columns}
       FROM (${found.sql}) found JOIN sessions s ON s.id = found.id
       ${isKept(query.order) ? "" : `ORDER BY ${window.orderBy}`}`,
      found.parameters,
    );
    if (isKept(query.order)) sortAsStored(rows, query.order, query.window.fromEnd);
    const records = await this.records(scope, rows, asked);
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
    { toRecord }: Asked,
  ): Promise<SessionRecord[]> {
    return await maskAnalyzed(this.database, scope, Session, rows.map(toRecord) as SessionRecord[]);
  }

  private matching(scope: Scope, filter: object, form: SubqueryForm = "all") {
    return sessionConditions(scope, filter, { dialect: this.database.dialect, form });
  }
}

/** What statements and records need to know of the fields that are asked for. */
type Asked = ReturnType<typeof asked>;

function asked(fields: readonly string[]) {
  const wanted: ReadonlySet<string> = new Set(fields);
  const mark = wanted.has(contentsMark) ? `, ${contentsMarkColumn}` : "";
  const select = (further: readonly (keyof SessionRow)[]) =>
    `${selectList(sessions, "s", storedFor(Session, wanted, further))}${mark}`;
  return {
    columns: select([]),
    toRecord: recordMaker(Session, wanted),
    /** Of a page: cursors are made of the columns that it is ordered by. */
    inOrder: onceFor((order: readonly OrderTerm[]) => ({
      columns: select(order.map(({ property }) => property as keyof SessionRow)),
      positionOf: positionsIn(Session, order, wanted),
    })),
  };
}

const askedWith = (further?: string) =>
  onceFor((fields: Iterable<string>) =>
    asked([...fields, "id", ...(further === undefined ? [] : [further])]),
  );

const askedOf = askedWith();
/** Of sessions that hang on something. */
const askedOfChildren = {
  agentId: askedWith("agentId"),
  agentVersionId: askedWith("agentVersionId"),
  conversationId: askedWith("conversationId"),
} as const;

/** What sessions hang on, by the field that names it. */
export type ParentKind = keyof typeof askedOfChildren;

function sessionsOf(kind: ParentKind): Children {
  return { from: "sessions s", alias: "s", column: sessions.column(kind) };
}
