import type { SqlReader } from "../sql/transaction.js";
import { placeholders } from "../sql/statements.js";
import { type SessionRow } from "../../model/session.js";
import { type SubqueryForm, type CompiledFilter, isPresent } from "./filter.js";
import { type OrderTerm, sortAsStored, type Window, windowSql } from "./page.js";
import type { Scope, SqlCondition } from "./scope.js";
import { sessionConditions } from "./session-filter.js";
import { isKept } from "./session-order.js";
import { conditionsOfAll } from "./session-search.js";

/** What part of which list is asked for. */
export interface PageQuery {
  readonly filter: object;
  readonly order: readonly OrderTerm[];
  readonly window: Window;
}

/**
 * For each row that a page may hold, so many sessions are looked at before the database is asked to find all
 * that match.
 */
const defaultNearbyPerRow = 40;

/**
 * First a tenth of them is looked at, and the rest only where that fills a tenth of the page: what is rare
 * costs little, also where the sessions must be read from the disk.
 */
const firstShare = 0.1;

/**
 * Finds the rows of pages of sessions: in two statements where the filter asks of other tables, in one where
 * it does not.
 */
export class SessionPages {
  constructor(
    private readonly database: SqlReader,
    private readonly nearbyPerRow = defaultNearbyPerRow,
  ) {}

  /**
   * The rows of a window, and one more where there is one.
   * @param columns of `sessions s`, and what else of them
   */
  async find(scope: Scope, query: PageQuery, columns: string): Promise<SessionRow[]> {
    const read = (conditions: readonly SqlCondition[], areKnown = false) =>
      this.rows(query, columns, conditions, areKnown);
    const readAll = async () => await read(await conditionsOfAll(this.database, scope, query.filter));
    if (!isKept(query.order)) return await readAll();
    const all = this.matching(scope, query.filter);
    if (all[1].reads === 0) return await read(all);
    const each = this.matching(scope, query.filter, "each");
    if (each[1].sql === all[1].sql) return await read(all);
    const ids = await this.nearest(query, each);
    if (ids === undefined) return await readAll();
    if (ids.length === 0) return [];
    const found = { sql: `s.id IN (${placeholders(ids)})`, parameters: ids };
    const rows = await read([found, ...each], true);
    // What was deleted or changed since leaves its place to the next one, which only the whole list knows.
    return rows.length === ids.length ? rows : await readAll();
  }

  /**
   * A page whose filter asks of other tables is looked for among the next sessions of the list first: what
   * one session in forty matches is found there, and the database need not collect all that match, of which
   * there may be hundreds of thousands. In one statement: a first look at few, a second one at more where
   * that promises a full page or where no more sessions follow at all.
   * @returns the page's ids, or undefined where those nearby do not fill it; then nothing is known of the
   * sessions beyond them
   */
  private async nearest(
    { order, window }: PageQuery,
    [within, each]: readonly [SqlCondition, CompiledFilter],
  ): Promise<string[] | undefined> {
    const { dialect } = this.database;
    const nearby = Math.ceil((this.nearbyPerRow * window.limit) / each.reads);
    const { conditions, orderBy, limit } = windowSql(order, window);
    const place = [within, ...conditions];
    const next = (columns: string, count: string) =>
      `SELECT ${columns} FROM sessions s WHERE ${place.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${count}`;
    const look = (count: number) =>
      `SELECT n.id FROM (${next(order.map(({ column }) => column).join(", "), String(count))}) n
       ${dialect.joinInOrder} sessions s ON s.id = n.id
       WHERE ${each.sql} ORDER BY ${orderBy.replaceAll("s.", "n.")} LIMIT ${limit}`;
    const ofPlace = place.flatMap(({ parameters }) => parameters);
    const ofLook = [...ofPlace, ...each.parameters];
    const ids = dialect.jsonArrayOf("id");
    // CASE leaves out what it does not need: most pages are full after the first look.
    const [found] = await this.database.read<{ few: string; more: string | null; beyond: string | null }>(
      `SELECT few, beyond, CASE WHEN worth_more = 1 THEN (SELECT ${ids} FROM (${look(nearby)}) m) END AS more FROM (
         SELECT few, beyond, CASE WHEN found >= ${limit} THEN 0 WHEN found >= ${firstShare * window.limit} THEN 1
           ELSE beyond IS NULL END AS worth_more FROM (
           SELECT COUNT(*) AS found, ${ids} AS few, CASE WHEN COUNT(*) < ${limit} THEN (${next("s.id", `1 OFFSET ${nearby}`)}) END AS beyond
           FROM (${look(Math.ceil(firstShare * nearby))}) f) counted) judged`,
      [...ofLook, ...ofPlace, ...ofLook],
    );
    const few = JSON.parse(found?.few ?? "[]") as string[];
    if (few.length === limit) return few;
    const more = JSON.parse(found?.more ?? "[]") as string[];
    return more.length === limit || found?.beyond === null ? more : undefined;
  }

  /**
   * The rows of a window, and one more. Which ones they are is decided by an index, where it holds all that
   * is asked of; where they are known, or no more is asked than whose they are and the next entries of an
   * index are the page, their rows are read at once.
   */
  private async rows(
    { filter, order, window }: PageQuery,
    selected: string,
    conditions: readonly SqlCondition[],
    areKnown: boolean,
  ): Promise<SessionRow[]> {
    const { conditions: beyond, orderBy, limit } = windowSql(order, window);
    const where = [...conditions, ...beyond];
    const areNext =
      isKept(order) &&
      Object.entries(filter).every(([name, asked]) => name === "organizationId" || !isPresent(asked));
    const walk = `ORDER BY ${orderBy} LIMIT ${limit}`;
    const page = (list: string, end = walk) =>
      `SELECT ${list} FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")} ${end}`;
    const found = `(${page("s.id")}) found JOIN sessions s ON s.id = found.id`;
    const rows = await this.database.read<SessionRow>(
      areKnown
        ? page(selected, "")
        : areNext
          ? page(selected)
          : `SELECT ${selected} FROM ${found} ${isKept(order) ? "" : `ORDER BY ${orderBy}`}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return isKept(order) && !areNext ? sortAsStored(rows, order, window.fromEnd) : rows;
  }

  private matching(scope: Scope, filter: object, form: SubqueryForm = "all") {
    return sessionConditions(scope, filter, { dialect: this.database.dialect, form });
  }
}
