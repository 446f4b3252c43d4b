import type { SqlValue, Transaction } from "./transaction.js";
import type { Table } from "./table.js";

/** What to do where a row with the same key exists: keep it, or overwrite the named properties. */
export type Conflict<Row extends object> = "keep" | { readonly overwrite: readonly (keyof Row & string)[] };

/** Rows of one statement; a session with more messages takes several. */
const rowsPerStatement = 200;
/** How many ids one SELECT, UPDATE or DELETE names. */
const idsPerStatement = 500;

/**
 * Inserts rows, in the order given (callers sort by key, so that two transactions never wait for each other
 * in a circle). Without `conflict`, a row whose key exists is an error.
 * @returns how many rows the statements affected: with "keep", the number of new rows
 */
export async function insertRows<Row extends object>(
  transaction: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict?: Conflict<Row>,
): Promise<number> {
  let affected = 0;
  for (const { sql, parameters } of inserts(transaction, table, rows, conflict)) {
    affected += await transaction.execute(sql, parameters);
  }
  return affected;
}

/** Inserts rows where nobody asks how many were new: see {@link Transaction.later}. */
export async function insertRowsLater<Row extends object>(
  transaction: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict?: Conflict<Row>,
): Promise<void> {
  for (const { sql, parameters } of inserts(transaction, table, rows, conflict)) {
    await transaction.later(sql, parameters);
  }
}

function* inserts<Row extends object>(
  transaction: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict: Conflict<Row> | undefined,
): Generator<{ readonly sql: string; readonly parameters: SqlValue[] }> {
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const slice = rows.slice(start, start + rowsPerStatement);
    const properties = Object.keys(slice[0] ?? {}) as (keyof Row & string)[];
    const tuple = `(${properties.map(() => "?").join(", ")})`;
    const columns = properties.map((property) => table.column(property)).join(", ");
    const values = slice.map(() => tuple).join(", ");
    const sql = `INSERT INTO ${table.name} (${columns}) VALUES ${values} ${conflictClause(transaction, table, conflict)}`;
    yield {
      sql,
      parameters: slice.flatMap((row) => properties.map((property) => row[property] as SqlValue)),
    };
  }
}

function conflictClause<Row extends object>(
  { dialect }: Transaction,
  table: Table<Row>,
  conflict: Conflict<Row> | undefined,
): string {
  if (conflict === undefined) return "";
  const set = conflict === "keep" ? [] : conflict.overwrite.map((property) => table.column(property));
  return dialect.onConflict(
    table.key.map((property) => table.column(property)),
    set,
  );
}

/** Sets properties of the row with this key: see {@link Transaction.later}. */
export async function updateRow<Row extends object>(
  transaction: Transaction,
  table: Table<Row>,
  key: Partial<Row>,
  changes: Partial<Row>,
): Promise<void> {
  const equals = (part: Partial<Row>, separator: string) =>
    Object.keys(part)
      .map((property) => `${table.column(property as keyof Row & string)} = ?`)
      .join(separator);
  await transaction.later(`UPDATE ${table.name} SET ${equals(changes, ", ")} WHERE ${equals(key, " AND ")}`, [
    ...(Object.values(changes) as SqlValue[]),
    ...(Object.values(key) as SqlValue[]),
  ]);
}

/**
 * A select list that gives each column the name of its property: `s.started_at AS startedAt`.
 * @param prefix before each name
 */
export function selectList<Row extends object>(
  table: Table<Row>,
  alias: string,
  properties: Iterable<keyof Row & string>,
  prefix = "",
): string {
  return Array.from(
    properties,
    (property) => `${table.value(property, alias)} AS \`${prefix}${property}\``,
  ).join(", ");
}

/** As many placeholders as values, for IN (…). */
export function placeholders(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

/** Splits items into lists small enough for one IN (…). */
export function slicesOf<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / idsPerStatement);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * idsPerStatement, (index + 1) * idsPerStatement),
  );
}
