import type { ColumnTypes, ServerDialect } from "./dialect.js";

const ascii = { charset: "ascii", collation: "ascii_bin" };
const unicode = { charset: "utf8mb4", collation: "utf8mb4_bin" };

const types: ColumnTypes = {
  uuid: (options) => ({ type: "char", length: 36, ...ascii, ...options }),
  hash: (options) => ({ type: "char", length: 64, ...ascii, ...options }),
  ascii: (length, options) => ({ type: "varchar", length, ...ascii, ...options }),
  text: (length, options) => ({ type: "varchar", length, ...unicode, ...options }),
  longText: (options) => ({ type: "longtext", ...unicode, ...options }),
  packedText: (options) => ({ type: "longblob", ...options }),
  longAscii: (options) => ({ type: "longtext", ...ascii, ...options }),
  bytes: (options) => ({ type: "longblob", ...options }),
  integer: (options) => ({ type: "int", ...options }),
  bigint: (options) => ({ type: "bigint", ...options }),
  double: (options) => ({ type: "double", ...options }),
  instant: (options) => ({ type: "datetime", precision: 6, ...options }),
};

/** Zero would be no limit. */
const leastLimit = 1;

/** MySQL 8.4 and 9, and what speaks like them. */
export const mysql: ServerDialect = {
  name: "mysql",
  isEmbedded: false,
  types,
  padsTexts: true,
  hasFullTextIndexes: true,
  packsTexts: true,
  isSearched: true,
  forUpdate: " FOR UPDATE",
  forUpdateAtOnce: " FOR UPDATE SKIP LOCKED",
  joinInOrder: "STRAIGHT_JOIN",
  // The server knows no limit of SELECTs, and takes 0.1 to 0.3 ms for a short one.
  unionLimits: { selects: Infinity, characters: 2_000_000 },
  // What a server keeps of deleted bytes (binary logs, backups) has an end of its own.
  compaction: [],
  onConflict: (key, set) => {
    const assignments =
      set.length === 0
        ? key.slice(0, 1).map((name) => `${name} = ${name}`)
        : set.map((name) => `${name} = VALUES(${name})`);
    return `ON DUPLICATE KEY UPDATE ${assignments.join(", ")}`;
  },
  endedAfter: (select, milliseconds) => {
    const limit = Math.max(leastLimit, Math.round(milliseconds));
    return select.replace(/^\s*SELECT\b/, `SELECT /*+ MAX_EXECUTION_TIME(${limit}) */`);
  },
  sessionTimeLimit: (milliseconds) => `SET SESSION max_execution_time = ${milliseconds}`,
  jsonArrayOf: (column) => `CAST(JSON_ARRAYAGG(${column}) AS CHAR)`,
  fullTextMatch: (terms) => ({
    sql: "MATCH(q.terms) AGAINST (? IN BOOLEAN MODE)",
    parameters: [terms.map((term) => `+${term}*`).join(" ")],
  }),
  // LOWER and collations differ between the servers and from Unicode; REPLACE compares by code points.
  matchesSpellings: (column, characters, isWhole) => {
    const others = new Map(
      characters.flatMap(([first = "", ...rest]) => rest.map((spelling) => [spelling, first] as const)),
    );
    const folded = Array.from(others).reduce((text) => `REPLACE(${text}, ?, ?)`, column);
    const wanted = characters.map(([first = ""]) => first).join("");
    const parameters = [...Array.from(others).flat(), wanted];
    // Spellings have one character each, so texts of other lengths need not be folded.
    return isWhole
      ? {
          sql: `CHAR_LENGTH(${column}) = ? AND ${folded} = ?`,
          parameters: [characters.length, ...parameters],
        }
      : { sql: `INSTR(${folded}, ?) > 0`, parameters };
  },
  unpacked: (column) => `(CAST(UNCOMPRESS(${column}) AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin)`,
  secondsBetween: (from, to) => `(TIMESTAMPDIFF(MICROSECOND, ${from}, ${to}) / 1000000)`,
  empty: (table) => `TRUNCATE TABLE ${table}`,
};

/**
 * MariaDB 10.11: it names its time limits otherwise, and TypeORM must know it to see no false migration
 * drift.
 */
export const mariadb: ServerDialect = {
  ...mysql,
  name: "mariadb",
  endedAfter: (select, milliseconds) => {
    const limit = Math.max(leastLimit, Math.round(milliseconds));
    return `SET STATEMENT max_statement_time = ${limit / 1_000} FOR ${select}`;
  },
  sessionTimeLimit: (milliseconds) => `SET SESSION max_statement_time = ${milliseconds / 1_000}`,
};
