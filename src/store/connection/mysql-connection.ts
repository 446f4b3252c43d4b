import type { PoolConnection, QueryError, ResultSetHeader } from "mysql2";
import type { SqlValue } from "../sql/transaction.js";

/** Statements that wait travel on their own beyond this many characters: a packet has its bounds. */
const greatestPacket = 1_000_000;

/** A statement that has not been sent yet, and who asks what it answers, if anybody does. */
interface Waiting {
  readonly statement: string;
  readonly asked?: {
    readonly resolve: (result: unknown) => void;
    readonly reject: (error: Error) => void;
  };
}

/**
 * A connection of TypeORM's pool, spoken to directly. What TypeORM does around each statement (broadcasts, wrappers, a stack trace)
 * takes more of the processor than the statement, and an event takes ten of them.
 *
 * Statements that are asked for in one go (before the caller awaits the first) travel in one packet, and those that answer nothing
 * anybody waits for travel with the next that does (mysql2's `multipleStatements`, on for the writing pool alone; values are escaped
 * by mysql2 as ever). The server runs them in order and stops at the first error; whoever asked in that packet gets it.
 */
export class MysqlConnection {
  private inTransaction = false;
  private waiting: Waiting[] = [];
  private waitingLength = 0;
  private isDue = false;
  private isGivenBack = false;
  private isFresh = true;

  constructor(private readonly connection: PoolConnection) {}

  /** Whether a transaction is open, or may be: a failed rollback leaves it unknown. */
  get isInTransaction(): boolean {
    return this.inTransaction;
  }

  /** Whether nothing was answered yet and no COMMIT sent: if it is lost now, its work can be done on another one. */
  get isReplaceable(): boolean {
    return this.isFresh;
  }

  async query<Row extends object>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return await this.ask<Row[]>(this.write(sql, parameters));
  }

  /** @returns how many rows were inserted, changed or deleted */
  async execute(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return (await this.ask<ResultSetHeader>(this.write(sql, parameters))).affectedRows;
  }

  /** Runs it before the next statement that is asked for, at the latest with COMMIT. */
  async later(sql: string, parameters: readonly SqlValue[] = []): Promise<void> {
    const statement = this.write(sql, parameters);
    if (this.waitingLength + statement.length > greatestPacket) await this.ask(statement);
    else this.add({ statement });
  }

  begin(): void {
    this.inTransaction = true;
    this.add({ statement: "START TRANSACTION" });
  }

  async commit(): Promise<void> {
    this.isFresh = false;
    await this.ask("COMMIT");
    this.inTransaction = false;
  }

  async rollback(): Promise<void> {
    this.waiting = [];
    this.waitingLength = 0;
    await this.ask("ROLLBACK");
    this.inTransaction = false;
  }

  /** Cuts it, whatever it has under way; the pool makes a new one in its place. */
  destroy(): void {
    this.connection.destroy();
  }

  private async ask<Result>(statement: string): Promise<Result> {
    return (await new Promise<unknown>((resolve, reject) => {
      this.add({ statement, asked: { resolve, reject } });
      if (this.isDue) return;
      this.isDue = true;
      queueMicrotask(() => {
        this.send();
      });
    })) as Result;
  }

  /** It belongs to others from now on: what is asked of it here is a mistake, and would run in their transaction. */
  giveBack(): void {
    this.isGivenBack = true;
  }

  private add(waiting: Waiting): void {
    if (this.isGivenBack) throw new Error("A statement was asked for after the transaction's end.");
    this.waiting.push(waiting);
    this.waitingLength += waiting.statement.length;
  }

  private send(): void {
    const sent = this.waiting;
    this.waiting = [];
    this.waitingLength = 0;
    this.isDue = false;
    // The values stand in the statements already: null keeps mysql2 from looking for placeholders in them.
    const packet = { sql: sent.map(({ statement }) => statement).join(";\n"), values: null };
    this.connection.query(packet, (error: QueryError | null, results: unknown) => {
      if (error === null) this.isFresh = false;
      for (const [index, { asked }] of sent.entries()) {
        if (error !== null) asked?.reject(error);
        else asked?.resolve(sent.length === 1 ? results : (results as readonly unknown[])[index]);
      }
    });
  }

  /** Puts the values in the place of the question marks; our SQL has no others, so it need not be parsed to find them. */
  private write(sql: string, parameters: readonly SqlValue[]): string {
    const [first = "", ...parts] = sql.split("?");
    if (parts.length !== parameters.length)
      throw new Error(`A statement has ${parts.length} placeholders and ${parameters.length} values.`);
    return parts.reduce(
      (statement, part, index) => statement + this.literal(parameters[index]) + part,
      first,
    );
  }

  private literal(value: SqlValue | undefined): string {
    return Buffer.isBuffer(value) ? `X'${value.toString("hex")}'` : this.connection.escape(value);
  }
}
