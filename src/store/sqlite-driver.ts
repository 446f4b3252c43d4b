import Libsql from "libsql";

type Value = string | number | bigint | null | Buffer;

interface LibsqlStatement {
  readonly reader: boolean;
  all(parameters: readonly Value[]): Record<string, unknown>[];
  run(parameters: readonly Value[]): { changes: number; lastInsertRowid: number };
}

/**
 * What TypeORM's `better-sqlite3` driver asks of its package, on top of `libsql` (prebuilt for Node 20 and later inside npm
 * packages, so nothing compiles at installation). Its traps are handled here: parameters go as one array (a lone null throws
 * otherwise), booleans and Dates abort the process (refused before), and bytes come back as ArrayBuffer.
 */
export class SqliteDriver {
  readonly #database: Libsql.Database;

  constructor(file: string, options: { readonly timeout?: number }) {
    this.#database = new Libsql(file, { timeout: options.timeout ?? 5_000 });
  }

  prepare(sql: string) {
    const statement = this.#database.prepare(sql) as unknown as LibsqlStatement;
    return {
      reader: statement.reader,
      all: (...parameters: unknown[]) => statement.all(parameters.map(bindable)).map(readable),
      run: (...parameters: unknown[]) => statement.run(parameters.map(bindable)),
    };
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  pragma(text: string): Record<string, unknown>[] {
    return this.prepare(`PRAGMA ${text}`).all();
  }

  close(): void {
    this.#database.close();
  }
}

function bindable(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value;
  if (Buffer.isBuffer(value)) return value;
  throw new TypeError("SQLite binds texts, numbers, bytes and null only.");
}

function readable(row: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[name] = Buffer.from(value);
  }
  return row;
}
