import type { SqlValue } from "../sql/transaction.js";
import { onceFor } from "./once.js";
import type { SqlCondition } from "./scope.js";

/** One key of an order. NULL sorts before everything, in all dialects. */
export interface OrderTerm {
  /** The row's property that holds the stored value. */
  readonly property: string;
  readonly column: string;
  readonly nullable: boolean;
  readonly descending: boolean;
}

/** A place between rows: the stored values of all order terms, the last of which is unique. */
export type Position = readonly SqlValue[];

/** Which rows of an ordered list are wanted. */
export interface Window {
  readonly limit: number;
  /** Take the last `limit` rows instead of the first. */
  readonly fromEnd: boolean;
  readonly after: Position | undefined;
  readonly before: Position | undefined;
}

/** Rows of a window, in order, and whether there are more on either side. */
export interface Slice<Row> {
  readonly rows: readonly Row[];
  /** Where one of the rows stands in the list. */
  readonly positionOf: (row: object) => Position;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** The SQL of a window: conditions for WHERE, the ORDER BY list, and a LIMIT of one row more than wanted. */
export function windowSql(order: readonly OrderTerm[], window: Window) {
  const conditions = [
    ...(window.after ? [beyond(order, window.after, false)] : []),
    ...(window.before ? [beyond(order, window.before, true)] : []),
  ];
  const orderBy = order
    .map(({ column, descending }) => `${column} ${descending === window.fromEnd ? "ASC" : "DESC"}`)
    .join(", ");
  return { conditions, orderBy, limit: window.limit + 1 };
}

/**
 * Sorts rows in place as `orderBy` of {@link windowSql} does, for orders by instants and ids alone: their
 * stored texts are ASCII. Where rows hold long texts, MySQL and MariaDB sort them in a temporary table, which
 * takes longer than finding them.
 */
export function sortAsStored<Row extends object>(
  rows: Row[],
  order: readonly OrderTerm[],
  fromEnd: boolean,
): Row[] {
  const { forwards, backwards } = comparisonsOf(order);
  return rows.sort(fromEnd ? backwards : forwards);
}

type Stored = Readonly<Record<string, SqlValue>>;
type Comparison = (one: object, other: object) => number;

const comparisonsOf = onceFor((order: readonly OrderTerm[]) => {
  const comparison = (fromEnd: boolean): Comparison => {
    const terms = order.map(({ property, descending }) => ({
      property,
      sign: descending === fromEnd ? 1 : -1,
    }));
    return (one, other) => {
      for (const { property, sign } of terms) {
        const [value, otherValue] = [(one as Stored)[property] ?? "", (other as Stored)[property] ?? ""];
        if (value !== otherValue) return value < otherValue ? -sign : sign;
      }
      return 0;
    };
  };
  return { forwards: comparison(false), backwards: comparison(true) };
});

/** Cuts the extra row off and puts rows read from the end in order again. */
export function toSlice<Row>(
  read: readonly Row[],
  window: Window,
  positionOf: (row: object) => Position,
): Slice<Row> {
  const hasMore = read.length > window.limit;
  const rows = read.slice(0, window.limit);
  if (window.fromEnd) rows.reverse();
  return {
    rows,
    positionOf,
    hasNextPage: window.fromEnd ? window.before !== undefined : hasMore,
    hasPreviousPage: window.fromEnd ? hasMore : window.after !== undefined,
  };
}

/**
 * The rows beyond a position. Each level reads "not before the value, and (strictly beyond it, or decided by
 * the next term)": the first half is what MySQL, MariaDB and SQLite all turn into an index range (a row
 * comparison is none on MySQL).
 */
function beyond(order: readonly OrderTerm[], position: Position, backwards: boolean): SqlCondition {
  const [term, ...rest] = order;
  if (term === undefined) return { sql: "1 = 0", parameters: [] };
  const value = position[0] ?? null;
  const smaller = term.descending !== backwards;
  const next = rest.length === 0 ? undefined : beyond(rest, position.slice(1), backwards);
  const strictly = strictlyBeyond(term, value, smaller);
  if (next === undefined) return strictly;
  const notBefore = notBeforeCondition(term, value, smaller);
  return {
    sql: `${notBefore.sql} AND (${strictly.sql} OR (${next.sql}))`,
    parameters: [...notBefore.parameters, ...strictly.parameters, ...next.parameters],
  };
}

function strictlyBeyond({ column, nullable }: OrderTerm, value: SqlValue, smaller: boolean): SqlCondition {
  if (value === null) return { sql: smaller ? "1 = 0" : `${column} IS NOT NULL`, parameters: [] };
  if (!smaller) return { sql: `${column} > ?`, parameters: [value] };
  return { sql: nullable ? `(${column} < ? OR ${column} IS NULL)` : `${column} < ?`, parameters: [value] };
}

function notBeforeCondition(
  { column, nullable }: OrderTerm,
  value: SqlValue,
  smaller: boolean,
): SqlCondition {
  if (value === null) return { sql: smaller ? `${column} IS NULL` : "1 = 1", parameters: [] };
  if (!smaller) return { sql: `${column} >= ?`, parameters: [value] };
  return { sql: nullable ? `(${column} <= ? OR ${column} IS NULL)` : `${column} <= ?`, parameters: [value] };
}
