import { unpackedText } from "../../model/kinds.js";
import { longestAtOnce, pack, packAtOnce } from "../../model/packed.js";
import type { Dialect } from "./dialect.js";
import type { Insert, InsertKind, SqlValue, Transaction } from "./transaction.js";
import type { Table } from "./table.js";

/** What to do where a row with the same key exists: keep it, or overwrite the named properties. */
export type Conflict<Row extends object> = "keep" | { readonly overwrite: readonly (keyof Row & string)[] };

/** Rows of one statement; a session with more messages takes several. */
export const rowsPerStatement = 200;
/** How many ids one SELECT, UPDATE or DELETE names. */
const idsPerStatement = 500;

/**
 * Inserts rows, in the order given (callers sort theirs by id or key, so that two transactions seldom wait
 * for each other in a circle). Without `conflict`, a row whose key exists is an error.
 * @returns how many rows the statements affected: with "keep", the number of new rows
 */
export async function insertRows<Row extends object>(
  transaction: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict?: Conflict<Row>,
): Promise<number> {
  let affected = 0;
  for (const insert of await inserts(transaction, table, rows, conflict)) {
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
  for (const insert of await inserts(transaction, table, rows, conflict))
    await transaction.insertLater(insert);
}

/** An INSERT with placeholders, and its values. */
export function textOf({ kind, rows }: Insert): [sql: string, parameters: SqlValue[]] {
  const { head, columns } = headOf({ kind, rows });
  const tuple = `(${placeholders(columns)})`;
  const values = rows.flatMap((row) => columns.map((column) => row[column] ?? null));
  return [`${head} ${rows.map(() => tuple).join(", ")} ${kind.tail}`, values];
}

/**
 * An INSERT up to its rows.
 * @returns which columns of the rows it names
 */
export function headOf({ kind, rows }: Insert): {
  readonly head: string;
  readonly columns: readonly number[];
} {
  const columns = kind.columns.flatMap(({ isOptional }, column) =>
    isOptional && rows.every((row) => row[column] === null) ? [] : [column],
  );
  const names = columns.map((column) => kind.columns[column]?.name);
  return { head: `INSERT INTO ${kind.table} (${names.join(", ")}) VALUES`, columns };
}

/** All rows name what the first one does; the rest has its default. */
async function inserts<Row extends object>(
  { dialect }: Transaction,
  table: Table<Row>,
  rows: readonly Row[],
  conflict: Conflict<Row> | undefined,
): Promise<Insert[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const named = table.properties.filter((property) => first[property] !== undefined);
  const long = await packLong(dialect, table, rows);
  const values = rows.map((row) => named.map(storerOf(dialect, table, row, long)));
  const kind = kindOf(dialect, table, named, conflict);
  if (values.length <= rowsPerStatement) return [{ kind, rows: values }];
  return slicesOf(values, rowsPerStatement).map((slice) => ({ kind, rows: slice }));
}

/** What of a row a statement gives the column of a property. */
function storerOf<Row extends object>(
  { packsTexts }: Dialect,
  { packed }: Table<Row>,
  row: Partial<Row>,
  long: ReadonlyMap<string, Buffer>,
): (property: keyof Row & string) => SqlValue {
  if (!packsTexts || packed.size === 0) return (property) => row[property] as SqlValue;
  // A translation into the same language is the same text.
  const before = new Map<string, Buffer>();
  return (property) => {
    const value = row[property] as SqlValue;
    if (typeof value !== "string" || !packed.has(property)) return value;
    const bytes = long.get(value) ?? before.get(value) ?? packAtOnce(Buffer.from(value));
    before.set(value, bytes);
    return bytes;
  };
}

const nothingLong: ReadonlyMap<string, Buffer> = new Map();

/** Texts that are long are packed off the event loop. */
async function packLong<Row extends object>(
  { packsTexts }: Dialect,
  { packed }: Table<Row>,
  rows: readonly Partial<Row>[],
): Promise<ReadonlyMap<string, Buffer>> {
  if (!packsTexts || packed.size === 0) return nothingLong;
  const texts = new Set<string>();
  for (const row of rows as readonly Readonly<Record<string, unknown>>[])
    for (const property of packed) {
      const text = row[property];
      if (typeof text === "string" && text.length > longestAtOnce) texts.add(text);
    }
  if (texts.size === 0) return nothingLong;
  const entries = Array.from(texts, async (text) => [text, await pack(Buffer.from(text))] as const);
  return new Map(await Promise.all(entries));
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

/** By all that decides it: most statements insert the same again and again. */
const kinds = new Map<string, InsertKind>();

function kindOf<Row extends object>(
  dialect: Dialect,
  table: Table<Row>,
  named: Table<Row>["properties"],
  conflict: Conflict<Row> | undefined,
): InsertKind {
  const overwritten = typeof conflict === "object" ? conflict.overwrite : [];
  const kept = conflict === undefined ? "" : `keep ${overwritten.join()}`;
  const isWhole = named.length === table.properties.length;
  const key = `${dialect.name} ${table.name} ${isWhole ? "" : named.join()} ${kept}`;
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const namesOf = (properties: Table<Row>["properties"]) =>
    properties.map((property) => table.column(property));
  // A file keeps each statement prepared: the fewer of them the better.
  const mayLeaveOut = !dialect.isEmbedded && overwritten.length === 0;
  const kind = {
    table: table.name,
    columns: named.map((property) => ({
      name: table.column(property),
      isOptional: mayLeaveOut && table.nullable.has(property),
    })),
    tail: conflict === undefined ? "" : dialect.onConflict(namesOf(table.key), namesOf(overwritten)),
  };
  kinds.set(key, kind);
  return kind;
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
  const long = await packLong(transaction.dialect, table, [changes]);
  await transaction.later(`UPDATE ${table.name} SET ${equals(changes, ", ")} WHERE ${equals(key, " AND ")}`, [
    ...names.map(storerOf(transaction.dialect, table, changes, long)),
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
