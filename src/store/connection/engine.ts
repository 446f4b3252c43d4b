import type { DataSource } from "typeorm";
import type { Dialect } from "../sql/dialect.js";
import type { PoolUsage } from "./pool.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";

/**
 * What is read, and where: what the service itself asks, of the server that takes writes; the same of what
 * any node of a cluster has committed; how far the feed goes for clients, and what they ask, both of the
 * replica where there is one.
 */
export type Reading = "own" | "current" | "feed" | "clients";

/** How a database is reached: over pools of connections to a server, or in a file of this process's own. */
export interface Engine {
  readonly dialect: Dialect;
  /** The kind of cluster behind it; undefined for one server, or a file. */
  readonly cluster: string | undefined;
  /** Whether what clients read may lack what was committed just before. */
  readonly mayLag: boolean;
  /** TypeORM's view of what writes: migrations are run with it. */
  readonly writer: DataSource;
  /** How many statements of clients can run at once. */
  readonly readConnections: number;
  /** Its pools of connections by name; a file has none. */
  poolUsage(): Readonly<Record<string, PoolUsage>>;
  /**
   * @param milliseconds for all of it, the wait for a connection included; a file answers before its call
   * returns
   */
  read<Row extends object>(
    reading: Reading,
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]>;
  /** Runs `work` in one transaction, once. */
  attempt<Result>(work: (transaction: Transaction) => Promise<Result>, milliseconds: number): Promise<Result>;
  /** Runs pieces of work in one transaction, once: see store/connection/common-work.ts. */
  attemptTogether<Result>(
    works: readonly ((transaction: Transaction) => Promise<Result>)[],
    milliseconds: number,
  ): Promise<Result[]>;
  /** Throws where no writes are taken. */
  checkWritable(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** Connects all pools, or none. */
export async function initializeAll(pools: readonly DataSource[]): Promise<void> {
  const opened: DataSource[] = [];
  try {
    for (const pool of pools) opened.push(await pool.initialize());
  } catch (error) {
    await Promise.all(opened.map((pool) => pool.destroy()));
    throw error;
  }
}
