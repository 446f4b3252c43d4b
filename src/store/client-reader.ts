import { QueryTooComplexError, UnavailableError } from "../errors.js";
import type { Database, SqlReader, SqlValue } from "./database.js";
import { type Dialect, isOutOfTime } from "./dialect.js";

/**
 * Reads what clients ask for. Where the server ends a statement because it takes too long, they hear that they ask for too much: asking
 * again would not help. The service's own reads have nothing to ask less of; there the same is an outage, and passes.
 */
export class ClientReader implements SqlReader {
  constructor(private readonly database: Database) {}

  get dialect(): Dialect {
    return this.database.dialect;
  }

  /** @throws QueryTooComplexError where the server ends the statement, and what {@link Database.read} throws */
  async read<Row extends object>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]> {
    try {
      return await this.database.read<Row>(sql, parameters);
    } catch (error) {
      if (!(error instanceof UnavailableError && isOutOfTime(error.cause))) throw error;
      const seconds = this.database.limits.read / 1_000;
      throw new QueryTooComplexError(
        `The question takes the database longer than ${seconds} s: ask for less, such as a shorter time.`,
        error.cause,
      );
    }
  }
}
