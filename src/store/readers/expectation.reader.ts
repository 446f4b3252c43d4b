import type { Served } from "../../model/declare.js";
import { Expectation, type ExpectationKind, type ExpectationRow } from "../../model/expectation.js";
import { placeholders, selectList } from "../sql/statements.js";
import { expectations } from "../sql/tables.js";
import type { SqlReader } from "../sql/transaction.js";
import { compileFilter } from "./filter.js";
import { mask } from "./mask.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { positionsIn, shapeOf, storedFor, recordMaker } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/** An expectation as it is served. Holds the fields that were asked for. */
export type ExpectationRecord = Served<Expectation>;

/** An open expectation, as it is stored. */
export type OverdueLine = Omit<ExpectationRow, "closedAt"> & { readonly conversationId: string | null };

const linesAtOnce = 500;

const newestFirst: readonly OrderTerm[] = [
  { property: "openedAt", column: "x.opened_at", nullable: false, descending: true },
  { property: "id", column: "x.id", nullable: false, descending: true },
];

/** Reads what should have come, within a scope. */
export class ExpectationReader {
  constructor(private readonly database: SqlReader) {}

  async byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<ExpectationRecord[]> {
    if (ids.length === 0) return [];
    const scoped = scopeCondition(scope, "x");
    const wanted = new Set<string>([...fields, "id"]);
    const rows = await this.database.read<ExpectationRow>(
      `SELECT ${columnsOf(wanted)} FROM expectations x WHERE x.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return records(scope, rows, wanted);
  }

  /** The last opened first. */
  async page(
    scope: Scope,
    query: { readonly filter: object; readonly window: Window },
    fields: Iterable<string>,
  ): Promise<Slice<ExpectationRecord>> {
    const wanted = new Set<string>([...fields, "id"]);
    const { conditions, orderBy, limit } = windowSql(newestFirst, query.window);
    const where = [...this.matching(scope, query.filter), ...conditions];
    const rows = await this.database.read<ExpectationRow>(
      `SELECT ${columnsOf(new Set([...wanted, "openedAt"]))} FROM expectations x
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`,
      where.flatMap(({ parameters }) => parameters),
    );
    const slice = toSlice(rows, query.window, positionsIn(Expectation, newestFirst, wanted));
    return { ...slice, rows: records(scope, slice.rows, wanted) };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = this.matching(scope, filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM expectations x WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /** How many are open, by kind; kinds of which none is are left out. */
  async openCounts(): Promise<ReadonlyMap<ExpectationKind, number>> {
    const rows = await this.database.read<{ kind: ExpectationKind; count: number | string }>(
      "SELECT kind, COUNT(*) AS count FROM expectations WHERE closed_at IS NULL GROUP BY kind",
    );
    return new Map(rows.map(({ kind, count }) => [kind, Number(count)]));
  }

  /** All that are open, with what a ticket to Whippy names, the first noticed first. */
  async *overdue(scope: Scope): AsyncGenerator<OverdueLine> {
    const scoped = scopeCondition(scope, "x");
    let after: readonly [string, string] = ["1000-01-01 00:00:00.000000", ""];
    for (;;) {
      const rows = await this.database.read<OverdueLine>(
        `SELECT x.id, x.kind, x.organization_id AS organizationId, x.session_id AS sessionId,
           s.conversation_id AS conversationId, x.agent_version_id AS agentVersionId, x.question,
           x.since, x.due_at AS dueAt, x.opened_at AS openedAt
         FROM expectations x LEFT JOIN sessions s ON s.id = x.session_id
         WHERE x.closed_at IS NULL AND ${scoped.sql} AND x.opened_at >= ? AND (x.opened_at > ? OR x.id > ?)
         ORDER BY x.opened_at, x.id LIMIT ${linesAtOnce}`,
        [...scoped.parameters, after[0], ...after],
      );
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < linesAtOnce) return;
      after = [last.openedAt, last.id];
    }
  }

  private matching(scope: Scope, filter: object): SqlCondition[] {
    const { sql, parameters } = compileFilter(filter, shapeOf(Expectation).filterFields, "x", this.database);
    return [scopeCondition(scope, "x"), { sql: `(${sql})`, parameters }];
  }
}

function columnsOf(wanted: Iterable<string>): string {
  return selectList(expectations, "x", storedFor<keyof ExpectationRow>(Expectation, wanted));
}

/** The one way from rows to what is served: masked where the scope says so. */
function records(
  scope: Scope,
  rows: readonly ExpectationRow[],
  wanted: ReadonlySet<string>,
): ExpectationRecord[] {
  const toRecord = recordMaker(Expectation, wanted);
  return rows.map((row) => mask(scope, Expectation, toRecord(row) as ExpectationRecord));
}
