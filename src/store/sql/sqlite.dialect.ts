import type { ColumnTypes, Dialect } from "./dialect.js";

const types: ColumnTypes = {
  uuid: (options) => ({ type: "varchar", length: 36, ...options }),
  hash: (options) => ({ type: "varchar", length: 64, ...options }),
  ascii: (length, options) => ({ type: "varchar", length, ...options }),
  text: (length, options) => ({ type: "varchar", length, ...options }),
  longText: (options) => ({ type: "text", ...options }),
  packedText: (options) => ({ type: "text", ...options }),
  longAscii: (options) => ({ type: "text", ...options }),
  bytes: (options) => ({ type: "blob", ...options }),
  integer: (options) => ({ type: "integer", ...options }),
  bigint: (options) => ({ type: "bigint", ...options }),
  double: (options) => ({ type: "double", ...options }),
  instant: (options) => ({ type: "varchar", length: 26, ...options }),
};

/** The embedded default: SQLite in a file. */
export const sqlite: Dialect = {
  name: "sqlite",
  isEmbedded: true,
  types,
  padsTexts: false,
  hasFullTextIndexes: false,
  // It has no function that unpacks.
  packsTexts: false,
  isSearched: true,
  // One writer at a time needs no row locks.
  forUpdate: "",
  forUpdateAtOnce: "",
  joinInOrder: "CROSS JOIN",
  // It takes 500 SELECTs and 32,766 values, and prepares them in a time that grows with their square.
  unionLimits: { selects: 500, characters: 80_000 },
  // Deleted bytes stay in the file until it is written anew.
  compaction: [
    "INSERT INTO session_terms_index (session_terms_index) VALUES ('optimize')",
    "VACUUM",
    "PRAGMA wal_checkpoint(TRUNCATE)",
  ],
  onConflict: (key, set) => {
    const action =
      set.length === 0
        ? "NOTHING"
        : `UPDATE SET ${set.map((name) => `${name} = excluded.${name}`).join(", ")}`;
    return `ON CONFLICT (${key.join(", ")}) DO ${action}`;
  },
  endedAfter: (select) => select,
  sessionTimeLimit: () => undefined,
  jsonArrayOf: (column) => `json_group_array(${column})`,
  fullTextMatch: (terms) => ({
    sql: "q.session_id IN (SELECT session_id FROM session_terms_index WHERE session_terms_index MATCH ?)",
    parameters: [terms.map((term) => `terms:${term}*`).join(" AND ")],
  }),
  // GLOB compares by code points, and knows lists of characters.
  matchesSpellings: (column, characters, isWhole) => {
    const pattern = characters.map(globOf).join("");
    return { sql: `${column} GLOB ?`, parameters: [isWhole ? pattern : `*${pattern}*`] };
  },
  unpacked: (column) => column,
  secondsBetween: (from, to) => `((julianday(${to}) - julianday(${from})) * 86400)`,
  empty: (table) => `DELETE FROM ${table}`,
};

/** What has one spelling stands for itself, but for what has a meaning to GLOB; no letter has one. */
function globOf(spellings: readonly string[]): string {
  const all = spellings.join("");
  return spellings.length > 1 || /[*?[]/.test(all) ? `[${all}]` : all;
}
