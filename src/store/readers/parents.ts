import { placeholders } from "../sql/statements.js";
import type { UnionLimits } from "../sql/dialect.js";
import type { windowSql } from "./page.js";
import type { SqlCondition } from "./scope.js";

/** Rows that hang on a parent, which they name by its id. */
export interface Children {
  /** The table and its alias, such as `sessions s`. */
  readonly from: string;
  readonly alias: string;
  /** The column that holds the parent's id, and begins an index in the order of the rows. */
  readonly column: string;
}

type WindowSql = Pick<ReturnType<typeof windowSql>, "orderBy" | "limit">;

/**
 * The ids of the first rows of each parent. Each parent's part is a walk of its own along an index, so that
 * what is read does not grow with the rows that a parent has; where parents and conditions are too many for
 * that, all rows of theirs that match are ranked.
 */
export function firstOfEach(
  children: Children,
  parentIds: readonly string[],
  where: SqlCondition,
  window: WindowSql,
  limits: UnionLimits,
): SqlCondition {
  const { length } = parentIds;
  const canWalk = length <= limits.selects && length * where.sql.length <= limits.characters;
  return canWalk ? walks(children, parentIds, where, window) : ranks(children, parentIds, where, window);
}

function walks(
  { from, alias, column }: Children,
  parentIds: readonly string[],
  where: SqlCondition,
  { orderBy, limit }: WindowSql,
): SqlCondition {
  const walk = `SELECT ${alias}.id FROM ${from} WHERE ${alias}.${column} = ? AND ${where.sql} ORDER BY ${orderBy} LIMIT ${limit}`;
  return {
    sql: parentIds.map((_, index) => `SELECT id FROM (${walk}) v${index}`).join(" UNION ALL "),
    parameters: parentIds.flatMap((id) => [id, ...where.parameters]),
  };
}

function ranks(
  children: Children,
  parentIds: readonly string[],
  where: SqlCondition,
  { orderBy, limit }: WindowSql,
): SqlCondition {
  const { from, alias, column } = children;
  const { sql, parameters } = namedBy(children, parentIds);
  return {
    sql: `SELECT id FROM (
        SELECT ${alias}.id, ROW_NUMBER() OVER (PARTITION BY ${alias}.${column} ORDER BY ${orderBy}) AS ordinal FROM ${from}
        WHERE ${sql} AND ${where.sql}) ranked WHERE ordinal <= ${limit}`,
    parameters: [...parameters, ...where.parameters],
  };
}

/** Rows that name one of these parents. */
export function namedBy(
  { alias, column }: Pick<Children, "alias" | "column">,
  parentIds: readonly string[],
): SqlCondition {
  return { sql: `${alias}.${column} IN (${placeholders(parentIds)})`, parameters: parentIds };
}

/** The rows of each parent, in their order. */
export function groupedByParent<Row>(
  parentIds: readonly string[],
  rows: readonly Row[],
  parentOf: (row: Row) => string,
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>(parentIds.map((id) => [id, []]));
  for (const row of rows) groups.get(parentOf(row))?.push(row);
  return groups;
}

/** How a statement answers that counts the rows of each parent. */
export interface ParentCount {
  readonly id: string;
  readonly count: number | string;
}

export function countsByParent(rows: readonly ParentCount[]): ReadonlyMap<string, number> {
  return new Map(rows.map(({ id, count }) => [id, Number(count)]));
}
