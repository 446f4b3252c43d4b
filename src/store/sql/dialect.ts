import type { EntitySchemaColumnOptions } from "typeorm";

/** The SQL families that are served. `mysql` is MySQL 8.4+ and what speaks like it (TiDB, Vitess, Aurora). */
export type DialectName = "mysql" | "mariadb" | "sqlite";

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
  /** The same, packed where a server can unpack it in a statement: see `unpacked`. */
  packedText(options?: Partial<Column>): Column;
  /** ASCII of any length. */
  longAscii(options?: Partial<Column>): Column;
  bytes(options?: Partial<Column>): Column;
  integer(options?: Partial<Column>): Column;
  bigint(options?: Partial<Column>): Column;
  double(options?: Partial<Column>): Column;
  /**
   * UTC, microseconds; in SQLite the same text as MySQL prints, so that comparing texts compares instants.
   */
  instant(options?: Partial<Column>): Column;
}

/** What a statement may hold. */
export interface UnionLimits {
  /** How many SELECTs one UNION may hold. */
  readonly selects: number;
  /** How many characters their conditions may have together. */
  readonly characters: number;
}

/** How one database speaks and behaves: everything that differs between them. */
export interface Dialect {
  readonly name: DialectName;
  /**
   * A file of this process's own, which is answered before a call returns and has one writer at a time.
   * Otherwise a server, with connections, settings and locks.
   */
  readonly isEmbedded: boolean;
  readonly types: ColumnTypes;
  /** A comparison of texts pads the shorter one with spaces: 'SMS' = 'SMS '. */
  readonly padsTexts: boolean;
  /**
   * A full-text index is declared with its table, and finds its rows before anything else is asked of them.
   */
  readonly hasFullTextIndexes: boolean;
  /** What is declared a packed text is stored packed: see model/packed.ts. */
  readonly packsTexts: boolean;
  /** Words of sessions are kept, and found: the setting SEARCH. */
  readonly isSearched: boolean;
  /** The end of a SELECT that locks the rows it finds until the transaction ends. */
  readonly forUpdate: string;
  /** The same, but for rows that others have locked: those are not found. */
  readonly forUpdateAtOnce: string;
  /**
   * A join that takes the rows of its left side one after the other, in their order, and ends once enough are
   * found.
   */
  readonly joinInOrder: string;
  readonly unionLimits: UnionLimits;
  /** What takes deleted bytes out of the database's own files. */
  readonly compaction: readonly string[];
  /**
   * The clause after INSERT … VALUES that resolves a conflict on a key. `set` is empty to keep the existing
   * row as it is.
   */
  onConflict(key: readonly string[], set: readonly string[]): string;
  /** A SELECT that the server ends after so long, where it can. */
  endedAfter(select: string, milliseconds: number): string;
  /** Makes a server end each SELECT of a connection after so long; undefined where it ends none. */
  sessionTimeLimit(milliseconds: number): string | undefined;
  /**
   * The values of a column as the text of a JSON array, in any order; null or an empty one where there are
   * none.
   */
  jsonArrayOf(column: string): string;
  /**
   * Which rows of session_terms (alias `q`) hold a word that begins with each of these terms, by the
   * full-text index.
   */
  fullTextMatch(terms: readonly string[]): { readonly sql: string; readonly parameters: readonly string[] };
  /**
   * That a text is, or holds, these characters. Each is given by all its spellings that count as the same;
   * the first of them stands for it. Spellings are compared by code points.
   */
  matchesSpellings(
    column: string,
    characters: readonly (readonly string[])[],
    isWhole: boolean,
  ): { readonly sql: string; readonly parameters: readonly (string | number)[] };
  /** The text in a column of packed texts. */
  unpacked(column: string): string;
  /** The seconds between two instants, with their fraction. */
  secondsBetween(from: string, to: string): string;
  /** Deletes all rows of a table. */
  empty(table: string): string;
}

/** A server's dialect; its name is TypeORM's name of the driver too. */
export interface ServerDialect extends Dialect {
  readonly name: "mysql" | "mariadb";
}
