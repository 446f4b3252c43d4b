import { setTimeout as delay } from "node:timers/promises";
import type { DataSource } from "typeorm";
import type { DatabaseTarget } from "../config.js";
import type { ServerTarget } from "../database-url.js";
import { UnavailableError } from "../errors.js";
import { checkTexts } from "./connection/text-check.js";
import type { Engine, Reading } from "./connection/engine.js";
import type { ServerOptions } from "./connection/server.engine.js";
import { TracedEngine } from "./connection/traced.engine.js";
import type { Tracing } from "../tracing/tracing.js";
import {
  isConnectionLost,
  isDatabaseError,
  isDataFault,
  isKnownDelivery,
  isOutOfTime,
  isRetryable,
  isWithoutWrites,
} from "./database-errors.js";
import type { PoolUsage } from "./connection/pool.js";
import type { Dialect } from "./sql/dialect.js";
import type { SqlReader, SqlValue, Transaction } from "./sql/transaction.js";

const attempts = 8;

/** How long the database may take, in milliseconds. */
export interface TimeLimits {
  /**
   * A transaction with all its attempts, the wait for a connection included; then the caller is told that it
   * is unavailable.
   */
  readonly transaction: number;
  /**
   * A reading statement: the server itself ends it then. (SQLite does not: it answers before its call
   * returns.)
   */
  readonly read: number;
}

export const defaultTimeLimits: TimeLimits = { transaction: 10_000, read: 20_000 };

/**
 * Client-side grace after the server's own limit of a reading statement: for the wait for a connection, and
 * for servers that have no such limit.
 */
const graceMilliseconds = 5_000;

/** An operation that has taken less than the rest of its time is given all of it. */
const fullShare = 0.95;

/**
 * The database: what clients read, what the service itself reads and what is written have connections of
 * their own, so that none starves another. Nothing waits without end for a server: it may have stopped
 * without closing its connections.
 */
export class Database implements SqlReader {
  /** How far the feed goes where clients read: on the replica, if there is one. */
  readonly feed: SqlReader;
  /**
   * What any server has committed, however far the one lags where clients read; undefined where that has
   * everything at once.
   */
  readonly current: SqlReader | undefined;

  private constructor(
    private readonly engine: Engine,
    readonly limits: TimeLimits,
  ) {
    this.feed = this.readerOf("feed");
    this.current = engine.mayLag ? this.readerOf("current") : undefined;
  }

  /**
   * Connects all pools. Does not migrate.
   * @param isSearched whether words of sessions are kept and found: the setting SEARCH
   * @param readTarget a replica that clients' reads go to
   * @param tracing makes its statements spans
   */
  static async open(
    target: DatabaseTarget,
    poolSize: number,
    limits: TimeLimits = defaultTimeLimits,
    isSearched = true,
    readTarget?: ServerTarget,
    tracing?: Tracing,
  ): Promise<Database> {
    const options = { poolSize, readMilliseconds: limits.read, isSearched, readTarget };
    const engine = await openEngine(target, options);
    const database = new Database(tracing ? new TracedEngine(engine, tracing) : engine, limits);
    try {
      await checkTexts(database);
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  }

  get dialect(): Dialect {
    return this.engine.dialect;
  }

  /** The kind of cluster behind it, by name; undefined for one server, or a file. */
  get cluster(): string | undefined {
    return this.engine.cluster;
  }

  /** What migrations are run with. */
  get writer(): DataSource {
    return this.engine.writer;
  }

  /** How many statements of clients can run at once. */
  get readConnections(): number {
    return this.engine.readConnections;
  }

  /** Its pools of connections by name; a file has none. */
  get poolUsage(): Readonly<Record<string, PoolUsage>> {
    return this.engine.poolUsage();
  }

  /**
   * What the service itself asks. What clients ask for is read through a {@link ClientReader}, so that none
   * of this waits for it.
   * @param milliseconds for all of it, the wait for a connection included
   * @throws UnavailableError where the server cannot be reached, does not answer in time, or is in any other
   * trouble
   */
  async read<Row extends object>(
    sql: string,
    parameters: readonly SqlValue[] = [],
    milliseconds = this.limits.read + graceMilliseconds,
  ): Promise<Row[]> {
    return await this.readWith<Row>("own", sql, parameters, milliseconds);
  }

  /**
   * What clients ask; only {@link ClientReader} should call it.
   * @param milliseconds after which the server ends it
   * @throws UnavailableError as {@link read}
   */
  async readForClients<Row extends object>(
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]> {
    // The connection's own limit is the same for all; a shorter one is said with the statement.
    const isShorter = milliseconds < this.limits.read * fullShare;
    const limited = isShorter ? this.dialect.endedAfter(sql, milliseconds) : sql;
    return await this.readWith<Row>("clients", limited, parameters, milliseconds + graceMilliseconds);
  }

  /**
   * Runs `work` in a transaction, again where it met a conflict (a deadlock, a lock wait timeout, a row that
   * another one stored first) or a server that takes no writes; so `work` must have no effect but on the
   * database.
   * @param milliseconds for all attempts together
   * @throws UnavailableError where it kept meeting them, or the database is in any other trouble: then
   * nothing is known of what it did, and the same work may be asked for again only if it can stand being done
   * twice. What the data is at fault for is thrown as it is.
   */
  async transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    milliseconds = this.limits.transaction,
  ): Promise<Result> {
    const deadline = performance.now() + milliseconds;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.engine.attempt(work, deadline - performance.now());
      } catch (error) {
        if (!isPassing(error)) throw error;
        const pause = Math.random() * 10 * 2 ** attempt;
        const isLast = attempt === attempts || performance.now() + pause >= deadline;
        if (isLast || !isRetryable(error)) throw unavailable(error);
        await delay(pause);
      }
    }
  }

  /**
   * Runs independent pieces of work in one transaction, once: see store/connection/common-work.ts. It may
   * well have been committed although this throws.
   * @throws what the first of those that failed threw, or at COMMIT
   */
  async attemptTogether<Result>(
    works: readonly ((transaction: Transaction) => Promise<Result>)[],
    milliseconds: number,
  ): Promise<Result[]> {
    return await this.engine.attemptTogether(works, milliseconds);
  }

  /**
   * Asks the server that writes go to whether it takes them; a server whose disk is full may say yes.
   * @throws UnavailableError where it takes none, or is in any other trouble
   */
  async checkWritable(milliseconds: number): Promise<void> {
    await this.told(() => this.engine.checkWritable(milliseconds));
  }

  async close(): Promise<void> {
    await this.engine.close();
  }

  private readerOf(reading: Reading): SqlReader {
    return {
      dialect: this.dialect,
      read: (sql, parameters = []) =>
        this.readWith(reading, sql, parameters, this.limits.read + graceMilliseconds),
    };
  }

  private async readWith<Row extends object>(
    reading: Reading,
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]> {
    return await this.told(() => this.engine.read<Row>(reading, sql, parameters, milliseconds));
  }

  /** Tells a trouble of the database as what it means. */
  private async told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw isPassing(error) ? unavailable(error) : error;
    }
  }
}

/** Loads one driver and not the other: mysql2 takes 3 MiB, libsql 4. */
async function openEngine(target: DatabaseTarget, options: ServerOptions): Promise<Engine> {
  if (target.kind === "file") {
    const { SqliteEngine } = await import("./connection/sqlite.engine.js");
    return await SqliteEngine.open(target, options.isSearched);
  }
  const { ServerEngine } = await import("./connection/server.engine.js");
  return await ServerEngine.open(target, options);
}

/** A trouble of the database, and no fault of the data or of our own code. */
function isPassing(error: unknown): boolean {
  return isDatabaseError(error) && !isDataFault(error) && !isKnownDelivery(error);
}

function unavailable(error: unknown): UnavailableError {
  if (isWithoutWrites(error)) return new UnavailableError("The database takes no writes.", error);
  if (isConnectionLost(error)) return new UnavailableError("The database cannot be reached.", error);
  if (isOutOfTime(error)) return new UnavailableError("The database takes too long to answer.", error);
  if (isRetryable(error))
    return new UnavailableError("The database is too busy to store this now.", error, 1);
  return new UnavailableError("The database cannot serve this now.", error);
}
