import type { DataSource } from "typeorm";
import type { SpanAttributes, Tracing } from "../../tracing/tracing.js";
import type { Dialect } from "../sql/dialect.js";
import { headOf } from "../sql/statements.js";
import type { ReadTogether, SqlValue, Transaction } from "../sql/transaction.js";
import type { Engine, Reading } from "./engine.js";
import type { PoolUsage } from "./pool.js";

/** Longer statements are cut in traces. */
const longestText = 2_000;

/**
 * An engine whose statements are spans, with their text but without their values. Those that travel with
 * another, as nobody waits for them, are moments of the span around them: a span each would cost a sampled
 * delivery as much as the delivery itself.
 */
export class TracedEngine implements Engine {
  private readonly tracedReads = new WeakMap<object, unknown>();

  constructor(
    private readonly engine: Engine,
    private readonly tracing: Tracing,
  ) {}

  get dialect(): Dialect {
    return this.engine.dialect;
  }

  get cluster(): string | undefined {
    return this.engine.cluster;
  }

  get writer(): DataSource {
    return this.engine.writer;
  }

  get readConnections(): number {
    return this.engine.readConnections;
  }

  get mayLag(): boolean {
    return this.engine.mayLag;
  }

  poolUsage(): Readonly<Record<string, PoolUsage>> {
    return this.engine.poolUsage();
  }

  async read<Row extends object>(
    reading: Reading,
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]> {
    return await this.statement(sql, () => this.engine.read<Row>(reading, sql, parameters, milliseconds));
  }

  async attempt<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    milliseconds: number,
  ): Promise<Result> {
    return await this.engine.attempt((transaction) => work(this.traced(transaction)), milliseconds);
  }

  /** Each piece's statements belong to its own trace; one that several share belongs to the first's. */
  async attemptTogether<Result>(
    works: readonly ((transaction: Transaction) => Promise<Result>)[],
    milliseconds: number,
  ): Promise<Result[]> {
    const traced = works.map((work) => (transaction: Transaction) => work(this.traced(transaction)));
    return await this.engine.attemptTogether(traced, milliseconds);
  }

  async checkWritable(milliseconds: number): Promise<void> {
    await this.engine.checkWritable(milliseconds);
  }

  async close(): Promise<void> {
    await this.engine.close();
  }

  private traced(transaction: Transaction): Transaction {
    return {
      dialect: transaction.dialect,
      isShared: transaction.isShared,
      query: (sql, parameters) => this.statement(sql, () => transaction.query(sql, parameters)),
      execute: (sql, parameters) => this.statement(sql, () => transaction.execute(sql, parameters)),
      later: async (sql, parameters) => {
        if (this.tracing.isRecording()) this.tracing.event(...this.describe(sql));
        await transaction.later(sql, parameters);
      },
      insertLater: async (insert) => {
        if (this.tracing.isRecording()) this.tracing.event(...this.describe(headOf(insert).head));
        await transaction.insertLater(insert);
      },
      readTogether: (read, key) => transaction.readTogether(this.tracedRead(read), key),
    };
  }

  /** For one that is read by together, always the same. */
  private tracedRead<Key, Value>(read: ReadTogether<Key, Value>): ReadTogether<Key, Value> {
    const traced: ReadTogether<Key, Value> =
      (this.tracedReads.get(read) as typeof read | undefined) ??
      ((transaction, keys) => read(this.traced(transaction), keys));
    this.tracedReads.set(read, traced);
    return traced;
  }

  private async statement<Result>(sql: string, run: () => Promise<Result>): Promise<Result> {
    // Outside of a trace, as in a poll, each statement would be a trace by itself.
    if (!this.tracing.isRecording()) return await run();
    const [name, attributes] = this.describe(sql);
    return await this.tracing.span({ name, kind: "client", attributes }, run);
  }

  private describe(sql: string): [name: string, attributes: SpanAttributes] {
    const operation = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? "";
    const table = /\b(?:FROM|INTO|UPDATE)\s+(\w+)/i.exec(sql)?.[1];
    const attributes = {
      "db.system.name": this.dialect.name,
      "db.operation.name": operation,
      "db.collection.name": table,
      "db.query.text": sql.slice(0, longestText),
    };
    return [table === undefined ? operation : `${operation} ${table}`, attributes];
  }
}
