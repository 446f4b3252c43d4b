import Libsql from "libsql";
import { LRUCache } from "lru-cache";

type Value = string | number | bigint | null | Buffer;

interface LibsqlStatement {
  readonly reader: boolean;
  all(parameters: readonly Value[]): Record<string, unknown>[];
  run(parameters: readonly Value[]): { changes: number; lastInsertRowid: number };
}

/**
 * What TypeORM's `better-sqlite3` driver asks of its package, on top of `libsql` (prebuilt for Node 20 and
 * later inside npm packages, so nothing compiles at installation). Its traps are handled here: parameters go
 * as one array (a lone null throws otherwise), booleans and Dates abort the process (refused before), bytes
 * come back as ArrayBuffer, and texts are read up to their first NUL only (so NUL is stored escaped).
 */
export class SqliteDriver {
  readonly #database: Libsql.Database;
  /** More than the service has, beside those that filters make; these can be long. */
  readonly #statements = new LRUCache<string, LibsqlStatement>({
    max: 200,
    maxEntrySize: 100_000,
    sizeCalculation: (_statement, sql) => sql.length,
  });

  constructor(file: string, options: { readonly timeout?: number }) {
    this.#database = new Libsql(file, { timeout: options.timeout ?? 5_000 });
  }

  prepare(sql: string) {
    const statement = this.#statementFor(sql);
    return {
      reader: statement.reader,
      all: (...parameters: unknown[]) => statement.all(parameters.map(bindable)).map(readable),
      run: (...parameters: unknown[]) => statement.run(parameters.map(bindable)),
    };
  }

  /**
   * A statement that is used again is not compiled again; and what is left of one stays in memory until the
   * next great collection.
   */
  #statementFor(sql: string): LibsqlStatement {
    const statement =
      this.#statements.get(sql) ?? (this.#database.prepare(sql) as unknown as LibsqlStatement);
    this.#statements.set(sql, statement);
    return statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  pragma(text: string): Record<string, unknown>[] {
    return this.prepare(`PRAGMA ${text}`).all();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

function bindable(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return escapeNul(value);
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (Buffer.isBuffer(value)) return value;
  throw new TypeError("SQLite binds texts, numbers, bytes and null only.");
}

function readable(row: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[name] = Buffer.from(value);
    else if (typeof value === "string" && value.includes(escape)) row[name] = unescapeNul(value);
  }
  return row;
}

/**
 * A private-use character: itself doubled, and followed by 0 a NUL. Equal texts stay equal, so comparisons
 * hold.
 */
const escape = "\uF8FF";

function escapeNul(text: string): string {
  if (!text.includes("\0") && !text.includes(escape)) return text;
  return text.replaceAll(escape, escape + escape).replaceAll("\0", `${escape}0`);
}

function unescapeNul(text: string): string {
  return text.replace(/\uF8FF([\uF8FF0])/g, (_, which: string) => (which === "0" ? "\0" : escape));
}
