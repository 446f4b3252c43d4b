import type { Dialect } from "./dialect.js";

/** What a statement may be given. Texts of instants, not Dates; JSON as text. */
export type SqlValue = string | number | boolean | null | Buffer;

/** Reads what is committed. */
export interface SqlReader {
  readonly dialect: Dialect;
  read<Row extends object>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>;
  /**
   * Reads the value of a key together with those of other keys that others ask for at the same time.
   * @param group what is asked for: with the same group everybody gives the same `read`
   * @returns undefined where there is nothing of that key
   */
  gather?<Value>(group: object, key: string, read: ReadByKeys<Value>): Promise<Value | undefined>;
}

/** Reads the values of different keys, at best in one statement. Several may be given the same value. */
export type ReadByKeys<Value> = (
  reader: SqlReader,
  keys: readonly string[],
) => Promise<ReadonlyMap<string, Value>>;

/** Rows that are inserted by one statement. */
export interface Insert {
  /** The same object for all rows of a kind. */
  readonly kind: InsertKind;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** What is inserted where: rows of the same kind may be inserted together. */
export interface InsertKind {
  readonly table: string;
  readonly columns: readonly {
    readonly name: string;
    /** It may be left out where it is null in all rows. */
    readonly isOptional: boolean;
  }[];
  /** What to do where a key exists; may be empty. */
  readonly tail: string;
}

/** Reads what belongs to different keys, at best in one statement. @returns what belongs to each of them */
export type ReadTogether<Key, Value> = (
  transaction: Transaction,
  keys: readonly Key[],
) => Promise<(key: Key) => Value>;

/**
 * One transaction: what it writes becomes visible and durable together, when the work given to `transaction`
 * has returned. Statements run in the order in which they are asked for; those asked for in one go (with
 * Promise.all) may travel together.
 */
export interface Transaction {
  readonly dialect: Dialect;
  /** Other work is under way in the same transaction: see store/shared-transactions.ts. */
  readonly isShared: boolean;
  query<Row extends object>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>;
  /**
   * @returns how many rows were inserted, changed or deleted (an upsert that changes a row counts 2 on
   * MySQL).
   */
  execute(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /**
   * A write whose outcome nobody asks for: it is run in order, but may travel with the next statement, at the
   * latest with COMMIT. So its failure may be told by a later one.
   */
  later(sql: string, parameters?: readonly SqlValue[]): Promise<void>;
  /** Inserts rows in the way of `later`. */
  insertLater(insert: Insert): Promise<void>;
  /**
   * Reads what belongs to a key, together with what the others that share the transaction read by `read` at
   * the same time.
   */
  readTogether<Key, Value>(read: ReadTogether<Key, Value>, key: Key): Promise<Value>;
}
