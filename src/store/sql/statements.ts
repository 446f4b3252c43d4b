import { LRUCache } from "lru-cache";
import { unpackedText } from "../../model/kinds.js";
import { packAtOnce } from "../../model/packed.js";
import type { Dialect } from "./dialect.js";
import type { Insert, SqlValue, Transaction } from "./transaction.js";
import type { Table } from "./table.js";

/** What to do where a row with the same key exists: keep it, or overwrite the named properties. */
export type Conflict<Row extends object> = "keep" | { readonly overwrite: readonly (keyof Row & string)[] };

/** Rows of one statement; a session with more messages takes several. */
export const rowsPerStatement = 200;
/** How many ids one SELECT, UPDATE or DELETE names. */
const idsPerStatement = 500;

/**
 * Inserts rows, in the order given (callers sort theirs by key, so that two transactions seldom wait for each
 * other in a circle). Without `conflict`, a row whose key exists is an error.
 * @returns how many rows the statements affected: with "keep", the number of new rows
 */
export async function insertRows<Row extends object>(
  transaction: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict?: Conflict<Row>,
): Promise<number> {
  let affected = 0;
  for (const insert of inserts(transaction, table, rows, conflict)) {
    affected += await transaction.execute(...textOf(insert));
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
  for (const insert of inserts(transaction, table, rows, conflict)) await transaction.insertLater(insert);
}

/** An INSERT with placeholders, and its values. */
export function textOf({ head, rows, tail }: Insert): [sql: string, parameters: SqlValue[]] {
  const tuple = `(${placeholders(rows[0] ?? [])})`;
  return [`${head} ${rows.map(() => tuple).join(", ")} ${tail}`, rows.flat()];
}

/** What no row names has its default; and null is one, where nothing that is there is overwritten. */
function inserts<Row extends object>(
  { dialect }: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict: Conflict<Row> | undefined,
): Insert[] {
  const [first] = rows;
  if (first === undefined) return [];
  const isNamed =
    typeof conflict === "object"
      ? (property: keyof Row) => first[property] !== undefined
      : (property: keyof Row) => rows.some((row) => row[property] !== undefined && row[property] !== null);
  const named = table.properties.filter(isNamed);
  const values = rows.map((row) => named.map(storerOf(dialect, table, row)));
  const { head, tail } = wordingOf(dialect, table, named, conflict);
  if (values.length <= rowsPerStatement) return [{ head, rows: values, tail }];
  return slicesOf(values, rowsPerStatement).map((slice) => ({ head, rows: slice, tail }));
}

/** What of a row a statement gives the column of a property. */
function storerOf<Row extends object>(
  { packsTexts }: Dialect,
  { packed }: Table<Row>,
  row: Partial<Row>,
): (property: keyof Row & string) => SqlValue {
  if (!packsTexts || packed.size === 0) return (property) => row[property] as SqlValue;
  // A translation into the same language is the same text.
  const before = new Map<string, Buffer>();
  return (property) => {
    const value = row[property] as SqlValue;
    if (typeof value !== "string" || !packed.has(property)) return value;
    const bytes = before.get(value) ?? packAtOnce(Buffer.from(value));
    before.set(value, bytes);
    return bytes;
  };
}

/** Rows as they were written, where the dialect packs texts of theirs. */
export function unpackRows<Row extends object>(
  { packed }: { readonly packed: ReadonlySet<string> },
  rows: readonly Row[],
): readonly Row[] {
  for (const row of rows as readonly Record<string, unknown>[]) {
    let before: { readonly stored: Buffer; readonly text: string } | undefined;
    for (const property of packed) {
      const stored = row[property];
      if (!Buffer.isBuffer(stored)) continue;
      if (!before?.stored.equals(stored)) before = { stored, text: unpackedText(stored) };
      row[property] = before.text;
    }
  }
  return rows;
}

type Wording = Pick<Insert, "head" | "tail">;

/** By all that decides it: most statements insert the same again and again. */
const wordings = new LRUCache<string, Wording>({ max: 500 });

function wordingOf<Row extends object>(
  dialect: Dialect,
  table: Table<Row>,
  named: Table<Row>["properties"],
  conflict: Conflict<Row> | undefined,
): Wording {
  const overwritten = typeof conflict === "object" ? conflict.overwrite : [];
  const kept = conflict === undefined ? "" : `keep ${overwritten.join()}`;
  const isWhole = named.length === table.properties.length;
  const key = `${dialect.name} ${table.name} ${isWhole ? "" : named.join()} ${kept}`;
  const known = wordings.get(key);
  if (known !== undefined) return known;
  const columns = (properties: Table<Row>["properties"]) =>
    properties.map((property) => table.column(property));
  const wording = {
    head: `INSERT INTO ${table.name} (${columns(named).join(", ")}) VALUES`,
    tail: conflict === undefined ? "" : dialect.onConflict(columns(table.key), columns(overwritten)),
  };
  wordings.set(key, wording);
  return wording;
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
  const names = Object.keys(changes) as (keyof Row & string)[];
  await transaction.later(`UPDATE ${table.name} SET ${equals(changes, ", ")} WHERE ${equals(key, " AND ")}`, [
    ...names.map(storerOf(transaction.dialect, table, changes)),
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

/** Splits items into lists, by default small enough for one IN (…). */
export function slicesOf<Item>(items: readonly Item[], most = idsPerStatement): Item[][] {
  const count = Math.ceil(items.length / most);
  return Array.from({ length: count }, (_, index) => items.slice(index * most, (index + 1) * most));
}
