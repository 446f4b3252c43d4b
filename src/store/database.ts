import { setTimeout as delay } from "node:timers/promises";
import type { DataSource, QueryRunner } from "typeorm";
import type { DatabaseTarget } from "../config.js";
import { UnavailableError } from "../errors.js";
import { checkTexts } from "./connection/text-check.js";
import { createDataSource, detectDialect } from "./connection/data-source.js";
import {
  isConnectionLost,
  isDatabaseError,
  isDataFault,
  isKnownDelivery,
  isOutOfTime,
  isRetryable,
  isWithoutWrites,
} from "./database-errors.js";
import { type Dialect, endedAfter } from "./sql/dialect.js";
import type { MysqlConnection } from "./connection/mysql-connection.js";
import type { SqlReader, SqlValue, Transaction } from "./sql/transaction.js";
import { renewConnections, withConnection } from "./connection/time-limit.js";

const attempts = 8;

const writeOfNothing = "DELETE FROM service_settings WHERE name = ''";

/** How long the database may take, in milliseconds. */
export interface TimeLimits {
  /** A transaction with all its attempts, the wait for a connection included; then the caller is told that it is unavailable. */
  readonly transaction: number;
  /** A reading statement: the server itself ends it then. (SQLite does not: it answers before its call returns.) */
  readonly read: number;
}

export const defaultTimeLimits: TimeLimits = { transaction: 10_000, read: 20_000 };

/** How much longer we wait for a reading statement that the server should have ended: for a connection, and for servers that end none. */
const spare = 5_000;

/** An operation that has taken less than the rest of its time is given all of it. */
const fullShare = 0.95;

/** The connections of the service's own reads: they are few and short. */
const ownConnections = 4;

/**
 * The database behind three pools, so that none starves another: one writes, one reads what the service itself asks (who calls, who was
 * erased, how far the feed reaches), one reads what clients ask. On SQLite these are two connections to one file: TypeORM shares a single
 * connection among all callers, so transactions pass a gate one at a time, and readers on the second connection see only what is
 * committed. Nothing waits without end for a server: it may have stopped without closing its connections. (SQLite answers before its
 * call returns.)
 */
export class Database implements SqlReader {
  private gate: Promise<unknown> = Promise.resolve();
  /** The last write found a server that takes none. */
  private isWithoutWrites = false;

  private constructor(
    readonly dialect: Dialect,
    readonly writer: DataSource,
    private readonly pools: { readonly own: DataSource; readonly clients: DataSource },
    readonly limits: TimeLimits,
    /** How many statements of clients can run at once. */
    readonly readConnections: number,
  ) {}

  /** Connects all pools. Does not migrate. */
  static async open(
    target: DatabaseTarget,
    poolSize: number,
    limits: TimeLimits = defaultTimeLimits,
  ): Promise<Database> {
    const dialect = await detectDialect(target);
    const reading = (size: number) =>
      createDataSource(target, dialect, size, { readMilliseconds: limits.read });
    const writer = createDataSource(target, dialect, poolSize, "write");
    const clients = reading(poolSize);
    const own = dialect === "sqlite" ? clients : reading(Math.min(ownConnections, poolSize));
    const opened: DataSource[] = [];
    try {
      for (const pool of new Set([writer, own, clients])) opened.push(await pool.initialize());
    } catch (error) {
      await Promise.all(opened.map((pool) => pool.destroy()));
      throw error;
    }
    const readConnections = dialect === "sqlite" ? 1 : poolSize;
    const database = new Database(dialect, writer, { own, clients }, limits, readConnections);
    try {
      await checkTexts(database);
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  }

  /**
   * What the service itself asks. What clients ask for is read through a {@link ClientReader}, so that none of this waits for it.
   * @param milliseconds for all of it, the wait for a connection included
   * @throws UnavailableError where the server cannot be reached, does not answer in time, or is in any other trouble
   */
  async read<Row extends object>(
    sql: string,
    parameters: readonly SqlValue[] = [],
    milliseconds = this.limits.read + spare,
  ): Promise<Row[]> {
    return await this.readFrom<Row>(this.pools.own, sql, parameters, milliseconds);
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
    const limited = isShorter ? endedAfter(this.dialect, sql, milliseconds) : sql;
    return await this.readFrom<Row>(this.pools.clients, limited, parameters, milliseconds + spare);
  }

  /**
   * Runs `work` in a transaction, again where it met a conflict (a deadlock, a lock wait timeout, a row that another one stored first) or
   * a server that takes no writes; so `work` must have no effect but on the database.
   * @param milliseconds for all attempts together
   * @throws UnavailableError where it kept meeting them, or the database is in any other trouble: then nothing is known of what it did,
   * and the same work may be asked for again only if it can stand being done twice. What the data is at fault for is thrown as it is.
   */
  async transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    milliseconds = this.limits.transaction,
  ): Promise<Result> {
    const deadline = performance.now() + milliseconds;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.inTurn(() => this.attempt(work, deadline - performance.now()));
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
   * Asks the server that writes go to whether it takes them; a server whose disk is full may say yes.
   * @throws UnavailableError where it takes none, or is in any other trouble
   */
  async checkWritable(milliseconds: number): Promise<void> {
    if (this.dialect === "sqlite") {
      await this.read("SELECT 1");
      return;
    }
    try {
      // A statement that changes nothing is refused like any other, and costs the server next to nothing.
      await this.attempt((transaction) => transaction.execute(writeOfNothing), milliseconds);
    } catch (error) {
      throw isPassing(error) ? unavailable(error) : error;
    }
  }

  async close(): Promise<void> {
    const pools = new Set([this.writer, this.pools.own, this.pools.clients]);
    await Promise.all(Array.from(pools, (pool) => pool.destroy()));
  }

  private async readFrom<Row extends object>(
    pool: DataSource,
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]> {
    try {
      if (this.dialect === "sqlite") return await pool.query<Row[]>(sql, [...parameters]);
      return await withConnection(pool, milliseconds, (connection) => connection.query<Row>(sql, parameters));
    } catch (error) {
      throw isPassing(error) ? unavailable(error) : error;
    }
  }

  private async inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.dialect !== "sqlite") return await task();
    const turn = this.gate.then(task);
    this.gate = turn.catch(() => undefined);
    return await turn;
  }

  private async attempt<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    milliseconds: number,
  ): Promise<Result> {
    if (this.dialect !== "sqlite") {
      const result = await withConnection(this.writer, milliseconds, (connection) =>
        this.onMysql(connection, work),
      );
      this.heardOfWrites(true);
      return result;
    }
    const runner = this.writer.createQueryRunner();
    try {
      return await this.onSqlite(runner, work);
    } finally {
      await runner.release();
    }
  }

  private async onMysql<Result>(
    connection: MysqlConnection,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    try {
      connection.begin();
      const result = await work({
        dialect: this.dialect,
        query: (sql, parameters) => connection.query(sql, parameters),
        execute: (sql, parameters) => connection.execute(sql, parameters),
        later: (sql, parameters) => connection.later(sql, parameters),
      });
      await connection.commit();
      return result;
    } catch (error) {
      // Not rolled back, the connection is destroyed: it leads to the wrong server.
      if (isWithoutWrites(error)) this.heardOfWrites(false);
      else await connection.rollback().catch(() => undefined);
      throw error;
    }
  }

  /**
   * After a switchover the old primary takes no writes and keeps its connections. So all of them are made anew, where the name leads by
   * then: the writing pool's at once, and the reading pools' when writes are taken again.
   */
  private heardOfWrites(areTaken: boolean): void {
    if (!areTaken) renewConnections(this.writer);
    else if (this.isWithoutWrites) Object.values(this.pools).forEach(renewConnections);
    this.isWithoutWrites = !areTaken;
  }

  private async onSqlite<Result>(
    runner: QueryRunner,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    try {
      await runner.startTransaction();
      const result = await work({
        dialect: this.dialect,
        query: async <Row extends object>(sql: string, parameters: readonly SqlValue[] = []) =>
          (await runner.query(sql, [...parameters])) as Row[],
        execute: async (sql, parameters = []) =>
          (await runner.query(sql, [...parameters], true)).affected ?? 0,
        later: async (sql, parameters = []) => {
          await runner.query(sql, [...parameters]);
        },
      });
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }
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
