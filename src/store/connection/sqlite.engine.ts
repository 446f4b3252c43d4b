import type { DataSource, QueryRunner } from "typeorm";
import type { FileTarget } from "../../database-url.js";
import { workTogether } from "./common-work.js";
import type { Dialect } from "../sql/dialect.js";
import { sqlite } from "../sql/sqlite.dialect.js";
import { textOf } from "../sql/statements.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import { fileDataSource } from "./file-data-source.js";
import { type Engine, initializeAll, type Reading } from "./engine.js";

/**
 * Two connections to one file. TypeORM shares a single connection among all callers, so transactions pass a
 * gate one at a time, and readers on the second connection see only what is committed.
 */
export class SqliteEngine implements Engine {
  readonly cluster = undefined;
  readonly mayLag = false;
  readonly readConnections = 1;
  private gate: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly writer: DataSource,
    private readonly reader: DataSource,
    readonly dialect: Dialect,
  ) {}

  static async open(target: FileTarget, isSearched: boolean): Promise<SqliteEngine> {
    const [writer, reader] = [fileDataSource(target), fileDataSource(target)];
    await initializeAll([writer, reader]);
    return new SqliteEngine(writer, reader, { ...sqlite, isSearched });
  }

  poolUsage(): Record<string, never> {
    return {};
  }

  async read<Row extends object>(
    _reading: Reading,
    sql: string,
    parameters: readonly SqlValue[],
  ): Promise<Row[]> {
    return await this.reader.query<Row[]>(sql, [...parameters]);
  }

  async attempt<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const turn = this.gate.then(() => this.inTransaction(work));
    this.gate = turn.catch(() => undefined);
    return await turn;
  }

  async attemptTogether<Result>(
    works: readonly ((transaction: Transaction) => Promise<Result>)[],
  ): Promise<Result[]> {
    return await this.attempt((transaction) => workTogether(transaction, works));
  }

  async checkWritable(): Promise<void> {
    await this.reader.query("SELECT 1");
  }

  async close(): Promise<void> {
    await Promise.all([this.writer.destroy(), this.reader.destroy()]);
  }

  private async inTransaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    // Not by TypeORM, which counts transactions: where the disk is full, SQLite has rolled back already, and
    // all later ones would count as nested in that one.
    const runner = this.writer.createQueryRunner();
    try {
      await runner.query("BEGIN TRANSACTION");
      const result = await work(transactionOn(runner, this.dialect));
      await runner.query("COMMIT");
      return result;
    } catch (error) {
      await runner.query("ROLLBACK").catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

function transactionOn(runner: QueryRunner, dialect: Dialect): Transaction {
  const transaction: Transaction = {
    dialect,
    isShared: false,
    query: async <Row extends object>(sql: string, parameters: readonly SqlValue[] = []) =>
      (await runner.query(sql, [...parameters])) as Row[],
    execute: async (sql, parameters = []) => (await runner.query(sql, [...parameters], true)).affected ?? 0,
    later: async (sql, parameters = []) => {
      await runner.query(sql, [...parameters]);
    },
    insertLater: (insert) => transaction.later(...textOf(insert)),
    readTogether: async (read, key) => (await read(transaction, [key]))(key),
  };
  return transaction;
}
