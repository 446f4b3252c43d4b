import type { Database } from "../../src/store/database.js";
import type { SqlReader, SqlValue } from "../../src/store/sql/transaction.js";

/** Counts what it reads; something else may happen before one of its statements. */
export class Observed implements SqlReader {
  statements = 0;

  constructor(
    private readonly database: Database,
    private readonly before: (statement: number) => Promise<void> = () => Promise.resolve(),
  ) {}

  get dialect() {
    return this.database.dialect;
  }

  async read<Row extends object>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]> {
    this.statements += 1;
    await this.before(this.statements);
    return await this.database.read<Row>(sql, parameters);
  }
}
