import type { PoolConnection, QueryError, ResultSetHeader } from "mysql2";
import { headOf } from "../sql/statements.js";
import type { Insert, SqlValue } from "../sql/transaction.js";

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
 * A connection of TypeORM's pool, spoken to directly. What TypeORM does around each statement (broadcasts,
 * wrappers, a stack trace) takes more of the processor than the statement, and an event takes ten of them.
 *
 * On a pool with mysql2's `multipleStatements` (the writing pool, but not of a cluster), statements that are
 * asked for in one go, or while others are under way, travel in one packet, and those that answer nothing
 * anybody waits for travel with the next that does. Values are escaped by mysql2 as ever. The server runs
 * them in order and stops at the first error.
 *
 * After an error within a transaction nothing but ROLLBACK is sent: the server may have rolled back already,
 * and what comes then would be committed on its own.
 */
export class MysqlConnection {
  private inTransaction = false;
  private waiting: Waiting[] = [];
  private waitingLength = 0;
  private isDue = false;
  private isSending = false;
  private failure: Error | undefined;
  private isEnding = false;
  private isGivenBack = false;
  private isFresh = true;

  constructor(private readonly connection: PoolConnection) {}

  /** Whether a transaction is open, or may be: a failed rollback leaves it unknown. */
  get isInTransaction(): boolean {
    return this.inTransaction;
  }

  /**
   * Whether nothing was answered yet and no COMMIT sent: if it is lost now, its work can be done on another
   * one.
   */
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
    await this.leave(this.write(sql, parameters));
  }

  /** As {@link later}. */
  async insertLater(insert: Insert): Promise<void> {
    const { head, columns } = headOf(insert);
    let statement = head;
    for (const [index, row] of insert.rows.entries()) {
      statement += index === 0 ? " (" : ", (";
      for (const [place, column] of columns.entries()) {
        if (place > 0) statement += ", ";
        statement += this.literal(row[column]);
      }
      statement += ")";
    }
    await this.leave(`${statement} ${insert.kind.tail}`);
  }

  private async leave(statement: string): Promise<void> {
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
    this.refuseWaiting(new Error("The transaction was rolled back."));
    this.failure = undefined;
    const rolledBack = this.ask("ROLLBACK");
    this.isEnding = true;
    await rolledBack;
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

  /**
   * It belongs to others from now on: what is asked of it here is a mistake, and would run in their
   * transaction.
   */
  giveBack(): void {
    this.isGivenBack = true;
  }

  private add(waiting: Waiting): void {
    if (this.isEnding || this.isGivenBack)
      throw new Error("A statement was asked for after the transaction's end.");
    this.waiting.push(waiting);
    this.waitingLength += waiting.statement.length;
  }

  private send(): void {
    this.isDue = false;
    if (this.isSending) return;
    if (this.failure !== undefined) {
      this.refuseWaiting(this.failure);
      return;
    }
    const sent = this.nextPacket();
    if (sent.length === 0) return;
    this.isSending = true;
    // The values stand in the statements already: null keeps mysql2 from looking for placeholders in them.
    const packet = { sql: sent.map(({ statement }) => statement).join(";\n"), values: null };
    this.connection.query(packet, (error: QueryError | null, results: unknown) => {
      this.isSending = false;
      if (error === null) this.isFresh = false;
      else if (this.inTransaction) this.failure = error;
      for (const [index, { asked }] of sent.entries()) {
        if (error !== null) asked?.reject(error);
        else asked?.resolve(sent.length === 1 ? results : (results as readonly unknown[])[index]);
      }
      this.send();
    });
  }

  /**
   * Everything up to the last statement that somebody asks, or the first of them alone where the pool takes
   * one at a time.
   */
  private nextPacket(): Waiting[] {
    const last = this.waiting.findLastIndex(({ asked }) => asked !== undefined);
    const isOneByOne = this.connection.config.multipleStatements !== true;
    const packet = this.waiting.splice(0, isOneByOne ? Math.min(last + 1, 1) : last + 1);
    for (const { statement } of packet) this.waitingLength -= statement.length;
    return packet;
  }

  private refuseWaiting(error: Error): void {
    const refused = this.waiting;
    this.waiting = [];
    this.waitingLength = 0;
    for (const { asked } of refused) asked?.reject(error);
  }

  /**
   * Puts the values in the place of the question marks; our SQL has no others, so it need not be parsed to
   * find them.
   */
  private write(sql: string, parameters: readonly SqlValue[]): string {
    const parts = sql.split("?");
    const count = parts.length - 1;
    if (count !== parameters.length)
      throw new Error(`A statement has ${count} placeholders and ${parameters.length} values.`);
    let statement = parts[0] ?? "";
    for (let index = 0; index < count; index += 1)
      statement += this.literal(parameters[index]) + (parts[index + 1] ?? "");
    return statement;
  }

  private literal(value: SqlValue | undefined): string {
    if (value === null || value === undefined) return "NULL";
    return Buffer.isBuffer(value) ? `X'${value.toString("hex")}'` : this.connection.escape(value);
  }
}
