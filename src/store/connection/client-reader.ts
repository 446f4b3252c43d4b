import { setImmediate as nextTurn } from "node:timers/promises";
import { OperationOverError, QueryTooComplexError, UnavailableError } from "../../errors.js";
import type { Database } from "../database.js";
import type { ReadByKeys, SqlReader, SqlValue } from "../sql/transaction.js";
import { isOutOfTime } from "../database-errors.js";
import type { Dialect } from "../sql/dialect.js";
import { NotItsTurnError } from "./fair-queue.js";
import type { Gatherings } from "./gatherings.js";

/** How an operation is read. */
export interface OperationOptions {
  /** Whether nobody waits for the answer any more; asked before each statement. */
  readonly isGone?: () => boolean;
  /**
   * Whether the time limit is one for all statements together, and not for each of them. True where absent.
   */
  readonly isTimedAsWhole?: boolean;
}

/** Runs a statement when it is the caller's turn, for which it waits so long at the most. */
type InTurn = <Result>(task: () => Promise<Result>, milliseconds: number) => Promise<Result>;

/** SQLite answers before its call returns: after a statement that took so long, others get their turn. */
const longCall = 5;

/**
 * How much longer a statement waits for its turn: the server ends what runs of the same operation when its
 * time is over, and tells why.
 */
const slack = 2_000;

/**
 * Reads what one client asks for in one operation. All its statements together may take as long as one
 * statement may; where they take longer, the client hears that it asks for too much: asking again would not
 * help. What is not begun then, or when the operation is answered or the client has left, is never sent. (The
 * service's own reads have nothing to ask less of: there the same is an outage.)
 */
export class ClientReader implements SqlReader {
  /** When the operation's time is over; it begins with its first statement. */
  private deadline: number | undefined;
  private isAnswered = false;
  private isOver = false;
  /** Why nothing more is read, where it is not just over. */
  private stopped: Error | undefined;

  constructor(
    private readonly database: Database,
    private readonly inTurn: InTurn,
    private readonly options: OperationOptions = {},
    /** Shared by the operations of a caller. */
    private readonly gatherings?: Gatherings,
  ) {}

  get dialect(): Dialect {
    return this.database.dialect;
  }

  /** Reads nothing more: the operation is answered. */
  end(): void {
    this.isOver = true;
  }

  /**
   * @throws QueryTooComplexError where the operation's statements take too long
   * @throws UnavailableError as {@link Database.readForClients}, or where its turn does not come in time
   * @throws RateLimitedError where too many statements of the caller wait (subscribers: UnavailableError)
   * @throws OperationOverError where nobody waits for the answer any more
   */
  async read<Row extends object>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    this.refuseStopped();
    const wait = this.deadline === undefined ? this.limit : this.deadline - performance.now();
    try {
      return await this.inTurn(() => this.readNow<Row>(sql, parameters), wait + slack);
    } catch (error) {
      throw this.told(error);
    }
  }

  /** @throws as {@link read} */
  async gather<Value>(group: object, key: string, read: ReadByKeys<Value>): Promise<Value | undefined> {
    if (this.gatherings === undefined) return (await read(this, [key])).get(key);
    this.refuseStopped();
    if (this.isTimedAsWhole) this.deadline ??= performance.now() + this.limit;
    try {
      const value = await this.gatherings.load(group, key, () => this.isDone, read);
      this.isAnswered = true;
      if (this.deadline !== undefined && performance.now() > this.deadline) throw this.tooComplex();
      return value;
    } catch (error) {
      throw this.told(error);
    }
  }

  private async readNow<Row extends object>(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    this.refuseStopped();
    const begun = performance.now();
    if (this.isTimedAsWhole) this.deadline ??= begun + this.limit;
    const left = this.deadline === undefined ? this.limit : this.deadline - begun;
    if (left <= 0) throw this.stop(this.tooComplex());
    try {
      const rows = await this.database.readForClients<Row>(sql, parameters, left);
      this.isAnswered = true;
      return rows;
    } catch (error) {
      if (!(error instanceof UnavailableError && isOutOfTime(error.cause))) throw error;
      throw this.stop(this.tooComplex(error.cause));
    } finally {
      if (this.dialect.isEmbedded && performance.now() - begun > longCall) await nextTurn();
    }
  }

  private get isTimedAsWhole(): boolean {
    return this.options.isTimedAsWhole !== false;
  }

  private get limit(): number {
    return this.database.limits.read;
  }

  private get isDone(): boolean {
    if (this.options.isGone?.() === true) this.end();
    return this.isOver;
  }

  private refuseStopped(): void {
    const { isDone } = this;
    if (this.stopped !== undefined) throw this.stopped;
    if (isDone) throw new OperationOverError();
  }

  private told(error: unknown): unknown {
    if (error instanceof QueryTooComplexError) return this.stop(error);
    // It waits so long only where it had its turns before, and used the operation's time.
    const isOutOfTurns = error instanceof NotItsTurnError && this.isAnswered && this.isTimedAsWhole;
    return isOutOfTurns ? this.stop(this.tooComplex()) : error;
  }

  private stop(error: Error): Error {
    this.stopped ??= error;
    return this.stopped;
  }

  private tooComplex(cause?: unknown): QueryTooComplexError {
    const seconds = this.limit / 1_000;
    return new QueryTooComplexError(
      `The question takes the database longer than ${seconds} s: ask for less, such as a shorter time.`,
      "read_time",
      cause,
    );
  }
}
