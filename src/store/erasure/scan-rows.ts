import type { SqlReader, SqlValue } from "../sql/transaction.js";

/** Which rows to pass over: all of a table, in the order of its key. */
export interface Scan {
  readonly table: string;
  /** Columns of the key; one or two. */
  readonly key: readonly string[];
  /** Further columns of the select list. */
  readonly columns: string;
  /** Rows held in memory at once. */
  readonly batch?: number;
}

/**
 * All rows of a table in batches, each by the index of its key: no cursor stays open, and what is read may be
 * changed meanwhile.
 */
export async function* scanRows<Row extends object>(
  database: SqlReader,
  { table, key, columns, batch = 500 }: Scan,
): AsyncGenerator<Row[], void, void> {
  let last: SqlValue[] | undefined;
  for (;;) {
    const { sql, parameters } = last === undefined ? { sql: "1 = 1", parameters: [] } : beyond(key, last);
    const rows = await database.read<Row & Record<string, SqlValue>>(
      `SELECT ${key.join(", ")}, ${columns} FROM ${table} WHERE ${sql} ORDER BY ${key.join(", ")} LIMIT ${batch}`,
      parameters,
    );
    if (rows.length === 0) return;
    yield rows;
    const end = rows.at(-1);
    last = key.map((name) => end?.[name] ?? null);
  }
}

function beyond([first, second]: readonly string[], [a = null, b = null]: readonly SqlValue[]) {
  if (second === undefined) return { sql: `${String(first)} > ?`, parameters: [a] };
  return {
    sql: `${String(first)} >= ? AND (${String(first)} > ? OR ${second} > ?)`,
    parameters: [a, a, b],
  };
}
