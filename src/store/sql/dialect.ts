import type { EntitySchemaColumnOptions } from "typeorm";

/**
 * The SQL families that are served. `mysql` is MySQL 8.4+ and what speaks like it (TiDB, Vitess, Aurora); `mariadb` differs from it
 * only in what TypeORM must know to see no false migration drift. Everything that differs between them stands in this file.
 */
export type Dialect = "mysql" | "mariadb" | "sqlite";

type Column = EntitySchemaColumnOptions;

/** The column types of all tables, as a dialect spells them. */
export interface ColumnTypes {
  /** A UUID as text: readable, and 25 % larger than BINARY(16). */
  uuid(options?: Partial<Column>): Column;
  /** Hexadecimal SHA-256. */
  hash(options?: Partial<Column>): Column;
  /** ASCII that is compared byte by byte: codes of our own, order keys. */
  ascii(length: number, options?: Partial<Column>): Column;
  /** A short Unicode text, compared by code points: no two different texts are equal. */
  text(length: number, options?: Partial<Column>): Column;
  /** A Unicode text of any length. */
  longText(options?: Partial<Column>): Column;
  /** ASCII of any length. */
  longAscii(options?: Partial<Column>): Column;
  bytes(options?: Partial<Column>): Column;
  integer(options?: Partial<Column>): Column;
  bigint(options?: Partial<Column>): Column;
  double(options?: Partial<Column>): Column;
  /** UTC, microseconds; in SQLite the same text as MySQL prints, so that comparing texts compares instants. */
  instant(options?: Partial<Column>): Column;
}

const ascii = { charset: "ascii", collation: "ascii_bin" };
const unicode = { charset: "utf8mb4", collation: "utf8mb4_bin" };

const mysqlTypes: ColumnTypes = {
  uuid: (options) => ({ type: "char", length: 36, ...ascii, ...options }),
  hash: (options) => ({ type: "char", length: 64, ...ascii, ...options }),
  ascii: (length, options) => ({ type: "varchar", length, ...ascii, ...options }),
  text: (length, options) => ({ type: "varchar", length, ...unicode, ...options }),
  longText: (options) => ({ type: "longtext", ...unicode, ...options }),
  longAscii: (options) => ({ type: "longtext", ...ascii, ...options }),
  bytes: (options) => ({ type: "longblob", ...options }),
  integer: (options) => ({ type: "int", ...options }),
  bigint: (options) => ({ type: "bigint", ...options }),
  double: (options) => ({ type: "double", ...options }),
  instant: (options) => ({ type: "datetime", precision: 6, ...options }),
};

const sqliteTypes: ColumnTypes = {
  uuid: (options) => ({ type: "varchar", length: 36, ...options }),
  hash: (options) => ({ type: "varchar", length: 64, ...options }),
  ascii: (length, options) => ({ type: "varchar", length, ...options }),
  text: (length, options) => ({ type: "varchar", length, ...options }),
  longText: (options) => ({ type: "text", ...options }),
  longAscii: (options) => ({ type: "text", ...options }),
  bytes: (options) => ({ type: "blob", ...options }),
  integer: (options) => ({ type: "integer", ...options }),
  bigint: (options) => ({ type: "bigint", ...options }),
  double: (options) => ({ type: "double", ...options }),
  instant: (options) => ({ type: "varchar", length: 26, ...options }),
};

export function columnTypes(dialect: Dialect): ColumnTypes {
  return dialect === "sqlite" ? sqliteTypes : mysqlTypes;
}

/** The clause after INSERT … VALUES that resolves a conflict on a key. `set` is empty to keep the existing row as it is. */
export function onConflict(dialect: Dialect, key: readonly string[], set: readonly string[]): string {
  if (dialect === "sqlite") {
    const action =
      set.length === 0
        ? "NOTHING"
        : `UPDATE SET ${set.map((name) => `${name} = excluded.${name}`).join(", ")}`;
    return `ON CONFLICT (${key.join(", ")}) DO ${action}`;
  }
  const assignments =
    set.length === 0
      ? key.slice(0, 1).map((name) => `${name} = ${name}`)
      : set.map((name) => `${name} = VALUES(${name})`);
  return `ON DUPLICATE KEY UPDATE ${assignments.join(", ")}`;
}

/** Makes a SELECT lock the rows it finds until the transaction ends. SQLite has one writer at a time and needs no row locks. */
export function forUpdate(dialect: Dialect): string {
  return dialect === "sqlite" ? "" : " FOR UPDATE";
}

/** A join that takes the rows of its left side one after the other, in their order, and ends once enough are found. */
export function joinInOrder(dialect: Dialect): string {
  return dialect === "sqlite" ? "CROSS JOIN" : "STRAIGHT_JOIN";
}

/** A SELECT that the server ends after so long. SQLite ends none. */
export function endedAfter(dialect: Dialect, select: string, milliseconds: number): string {
  if (dialect === "sqlite") return select;
  // Zero would be no limit.
  const limit = Math.max(1, Math.round(milliseconds));
  return dialect === "mariadb"
    ? `SET STATEMENT max_statement_time = ${limit / 1_000} FOR ${select}`
    : select.replace(/^\s*SELECT\b/, `SELECT /*+ MAX_EXECUTION_TIME(${limit}) */`);
}

/** The values of a column as the text of a JSON array, in any order; null or an empty one where there are none. */
export function jsonArrayOf(dialect: Dialect, column: string): string {
  return dialect === "sqlite" ? `json_group_array(${column})` : `CAST(JSON_ARRAYAGG(${column}) AS CHAR)`;
}

/**
 * How many SELECTs one UNION may hold, and how many characters their conditions may have together. SQLite takes 500, and 32,766 values,
 * and prepares them in a time that grows with their square; the others know no limit, and take 0.1 to 0.3 ms for a short one.
 */
export function unionLimits(dialect: Dialect): { readonly selects: number; readonly characters: number } {
  return dialect === "sqlite"
    ? { selects: 500, characters: 80_000 }
    : { selects: Infinity, characters: 2_000_000 };
}

/** Which rows of session_terms (alias `q`) hold a word that begins with each of these terms, by the full-text index. */
export function fullTextMatch(
  dialect: Dialect,
  terms: readonly string[],
): { readonly sql: string; readonly parameters: readonly string[] } {
  if (dialect === "sqlite") {
    const expression = terms.map((term) => `terms:${term}*`).join(" AND ");
    return {
      sql: "q.session_id IN (SELECT session_id FROM session_terms_index WHERE session_terms_index MATCH ?)",
      parameters: [expression],
    };
  }
  return {
    sql: "MATCH(q.terms) AGAINST (? IN BOOLEAN MODE)",
    parameters: [terms.map((term) => `+${term}*`).join(" ")],
  };
}

/** The seconds between two instants, with their fraction. */
export function secondsBetween(dialect: Dialect, from: string, to: string): string {
  return dialect === "sqlite"
    ? `((julianday(${to}) - julianday(${from})) * 86400)`
    : `(TIMESTAMPDIFF(MICROSECOND, ${from}, ${to}) / 1000000)`;
}
