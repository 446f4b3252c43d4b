import type { PoolConnection, QueryError, ResultSetHeader } from "mysql2";
import type { SqlValue } from "./database.js";

/**
 * A connection of TypeORM's pool, spoken to directly. What TypeORM does around each statement (broadcasts, wrappers, a stack trace)
 * takes more of the processor than the statement, and an event takes ten of them.
 */
export class MysqlConnection {
  private inTransaction = false;

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

  async begin(): Promise<void> {
    this.inTransaction = true;
    await this.ask("START TRANSACTION", []);
  }

  async end(statement: "COMMIT" | "ROLLBACK"): Promise<void> {
    await this.ask(statement, []);
    this.inTransaction = false;
  }

  /** Cuts it, whatever it has under way; the pool makes a new one in its place. */
  destroy(): void {
    this.connection.destroy();
  }

  private async ask<Result>(sql: string, parameters: readonly SqlValue[]): Promise<Result> {
    return await new Promise<Result>((resolve, reject) => {
      this.connection.query(sql, [...parameters], (error: QueryError | null, result) => {
        if (error === null) resolve(result as Result);
        else reject(error);
      });
    });
  }
}
