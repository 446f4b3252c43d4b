import type { SqlReader } from "../database.js";
import { selectList } from "../statements.js";
import { type SessionRow, sessions } from "../tables/sessions.table.js";
import { type Asking, isPresent } from "./filter.js";
import { type OrderTerm, type Window, windowSql } from "./page.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";
import { sessionConditions } from "./session-filter.js";
import { isKept } from "./session-order.js";
import { conditionsOfAll } from "./session-search.js";

/** What part of which list is asked for. */
export interface PageQuery {
  readonly filter: object;
  readonly order: readonly OrderTerm[];
  readonly window: Window;
}

/** For each row that a page may hold, so many sessions are looked at before the database is asked to find all that match. */
const defaultNearbyPerRow = 40;

/**
 * First a tenth of them is looked at, and the rest only where that fills a tenth of the page: what is rare costs little, also where the
 * sessions must be read from the disk.
 */
const looks = [0.1, 1] as const;

/** Finds the rows of pages of sessions. */
export class SessionPages {
  constructor(
    private readonly database: SqlReader,
    private readonly nearbyPerRow = defaultNearbyPerRow,
  ) {}

  /** The rows of a window, and one more where there is one. */
  async find(scope: Scope, query: PageQuery, columns: ReadonlySet<keyof SessionRow>): Promise<SessionRow[]> {
    if (!isKept(query.order))
      return await this.rows(query, columns, await conditionsOfAll(this.database, scope, query.filter));
    return (
      (await this.nearest(scope, query, columns)) ??
      (await this.rows(query, columns, this.matching(scope, query.filter)))
    );
  }

  /**
   * A page whose filter asks of other tables is looked for among the next sessions of the list first: what one session in forty matches
   * is found there, and the database need not collect all that match, of which there may be hundreds of thousands.
   * @returns undefined where they do not fill the page; then nothing is known of those beyond them
   */
  private async nearest(
    scope: Scope,
    query: PageQuery,
    columns: ReadonlySet<keyof SessionRow>,
  ): Promise<SessionRow[] | undefined> {
    const { window } = query;
    const [, all] = this.matching(scope, query.filter);
    const [within, each] = this.matching(scope, query.filter, "each");
    if (each.reads === 0 || each.sql === all.sql) return undefined;
    const nearby = (this.nearbyPerRow * window.limit) / each.reads;
    for (const share of looks) {
      const count = Math.floor(nearby * share);
      if (count === 0) return undefined;
      const end = await this.nearbyEnd(scope, query, count);
      const where = [within, ...(end === undefined ? [] : [end]), each];
      const rows = await this.rows(query, columns, where);
      if (end === undefined || rows.length > window.limit) return rows;
      if (rows.length < share * window.limit) return undefined;
    }
    return undefined;
  }

  /**
   * The condition that keeps within about the next `count` sessions of a list, by the first term of its order. It holds a constant: only
   * then does it end the walk along the index.
   * @returns undefined where no more than that follow
   */
  private async nearbyEnd(
    scope: Scope,
    { order: [first, ...ties], window }: PageQuery,
    count: number,
  ): Promise<SqlCondition | undefined> {
    if (first === undefined) return undefined;
    const { conditions, orderBy } = windowSql([first, ...ties], window);
    const where = [scopeCondition(scope, "s"), ...conditions];
    const [last] = await this.database.read<{ value: string | null }>(
      `SELECT ${first.column} AS value FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")}
       ORDER BY ${orderBy} LIMIT 1 OFFSET ${count}`,
      where.flatMap(({ parameters }) => parameters),
    );
    if (last === undefined) return undefined;
    const { column, nullable } = first;
    const isDescending = first.descending !== window.fromEnd;
    // Sessions without a start come last where the newest come first, and are nearby only where they are few.
    if (last.value === null)
      return { sql: `${column} IS ${isDescending ? "NOT NULL" : "NULL"}`, parameters: [] };
    if (isDescending) return { sql: `${column} >= ?`, parameters: [last.value] };
    const upTo = `${column} <= ?`;
    return { sql: nullable ? `(${upTo} OR ${column} IS NULL)` : upTo, parameters: [last.value] };
  }

  /**
   * The rows of a window, and one more. Which ones they are is decided by an index, where it holds all that is asked of; where no more
   * is asked than whose they are, the next entries of an index are the page, and their rows are read at once.
   */
  private async rows(
    { filter, order, window }: PageQuery,
    columns: ReadonlySet<keyof SessionRow>,
    conditions: readonly SqlCondition[],
  ): Promise<SessionRow[]> {
    const { conditions: beyond, orderBy, limit } = windowSql(order, window);
    const where = [...conditions, ...beyond];
    const selected = selectList(sessions, "s", columns);
    const isPlain =
      isKept(order) &&
      Object.entries(filter).every(([name, asked]) => name === "organizationId" || !isPresent(asked));
    const page = (list: string) =>
      `SELECT ${list} FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`;
    return await this.database.read<SessionRow>(
      isPlain
        ? page(selected)
        : `SELECT ${selected} FROM (${page("s.id")}) found JOIN sessions s ON s.id = found.id ORDER BY ${orderBy}`,
      where.flatMap(({ parameters }) => parameters),
    );
  }

  private matching(scope: Scope, filter: object, ask: Asking = "all") {
    return sessionConditions(scope, filter, { dialect: this.database.dialect, ask });
  }
}
