import type { PoolConnection, QueryError, ResultSetHeader } from "mysql2";
import type { SqlValue } from "./database.js";

/** Statements that wait travel on their own beyond this many characters: a packet has its bounds. */
const greatestPacket = 1_000_000;

/**
 * A connection of TypeORM's pool, spoken to directly. What TypeORM does around each statement (broadcasts, wrappers, a stack trace)
 * takes more of the processor than the statement, and an event takes ten of them.
 *
 * Most of an event's statements answer nothing that anybody waits for, so they wait instead, and travel in one packet with the next
 * one that does (mysql2's `multipleStatements`, on for the writing pool alone; values are escaped by mysql2 as ever). The server
 * runs them in order and stops at the first error, which the caller gets.
 */
export class MysqlConnection {
  private inTransaction = false;
  private waiting: string[] = [];
  private waitingLength = 0;

  constructor(private readonly connection: PoolConnection) {}

  /** Whether a transaction is open, or may be: a failed rollback leaves it unknown. */
  get isInTransaction(): boolean {
    return this.inTransaction;
  }

  async query<Row extends object>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return await this.ask<Row[]>(sql, parameters);
  }

  /** @returns how many rows were inserted, changed or deleted */
  async execute(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return (await this.ask<ResultSetHeader>(sql, parameters)).affectedRows;
  }

  /** Runs it before the next statement that is asked for, at the latest with COMMIT. */
  async later(sql: string, parameters: readonly SqlValue[] = []): Promise<void> {
    const statement = this.connection.format(sql, [...parameters]);
    if (this.waitingLength + statement.length > greatestPacket) {
      await this.ask(sql, parameters);
      return;
    }
    this.waiting.push(statement);
    this.waitingLength += statement.length;
  }

  async begin(): Promise<void> {
    this.inTransaction = true;
    await this.later("START TRANSACTION");
  }

  async commit(): Promise<void> {
    await this.ask("COMMIT", []);
    this.inTransaction = false;
  }

  async rollback(): Promise<void> {
    this.waiting = [];
    await this.ask("ROLLBACK", []);
    this.inTransaction = false;
  }

  /** Cuts it, whatever it has under way; the pool makes a new one in its place. */
  destroy(): void {
    this.connection.destroy();
  }

  private async ask<Result>(sql: string, parameters: readonly SqlValue[]): Promise<Result> {
    const before = this.waiting;
    this.waiting = [];
    this.waitingLength = 0;
    const statement = this.connection.format(sql, [...parameters]);
    return await new Promise<Result>((resolve, reject) => {
      this.connection.query([...before, statement].join(";\n"), (error: QueryError | null, results) => {
        if (error === null)
          resolve((before.length === 0 ? results : (results as unknown[]).at(-1)) as Result);
        else reject(error);
      });
    });
  }
}
