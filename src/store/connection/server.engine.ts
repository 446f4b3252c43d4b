import type { DataSource } from "typeorm";
import type { ServerTarget } from "../../database-url.js";
import { isWithoutOthers, isWithoutWrites } from "../database-errors.js";
import { workTogether } from "./common-work.js";
import type { Dialect } from "../sql/dialect.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import { detectServer, serverDataSource, type ServerKind } from "./server-data-source.js";
import { type Engine, initializeAll, type Reading } from "./engine.js";
import type { MysqlConnection } from "./mysql-connection.js";
import { type PoolUsage, usageOf } from "./pool.js";
import { Replica } from "./replica.js";
import { type Pooled, poolOf, renewConnections, withConnection } from "./time-limit.js";

/** The connections of the service's own reads: they are few and short. */
const ownConnections = 4;

const writeOfNothing = "DELETE FROM service_settings WHERE name = ''";

/** What a server's pools need beside its address. */
export interface ServerOptions {
  readonly poolSize: number;
  /** After which the server ends a reading statement. */
  readonly readMilliseconds: number;
  readonly isSearched: boolean;
  /** Where clients' reads go; the server itself where undefined. */
  readonly readTarget: ServerTarget | undefined;
}

/**
 * A server behind three pools, so that none starves another: one writes, one reads what the service itself
 * asks (who calls, who was erased, how far the feed reaches), one reads what clients ask. With a replica the
 * last one leads there, and so does another for how far the feed reaches there.
 */
export class ServerEngine implements Engine {
  /** The last write found a server that takes none. */
  private isWithoutWrites = false;

  private constructor(
    private readonly kind: ServerKind,
    readonly writer: DataSource,
    private readonly own: DataSource,
    private readonly shown: Replica | DataSource,
    readonly readConnections: number,
  ) {}

  static async open(target: ServerTarget, options: ServerOptions): Promise<ServerEngine> {
    const { poolSize, readMilliseconds, isSearched, readTarget } = options;
    const found = await detectServer(target);
    const kind = { ...found, dialect: { ...found.dialect, isSearched } };
    const sizes = { own: Math.min(ownConnections, poolSize), clients: poolSize };
    const reading = (size: number) => serverDataSource(target, kind, size, { readMilliseconds });
    const [writer, own] = [serverDataSource(target, kind, poolSize), reading(sizes.own)];
    if (readTarget === undefined) {
      // Balanced, these may lead to another node than the connections that read the feed: what it tells of
      // must be there, too.
      const purpose = { readMilliseconds, begin: kind.cluster?.waitForOthers?.begin };
      const clients = serverDataSource(target, kind, sizes.clients, purpose);
      await initializeAll([writer, own, clients]);
      return new ServerEngine(kind, writer, own, clients, poolSize);
    }
    await initializeAll([writer, own]);
    const replica = new Replica({
      target: readTarget,
      dialect: kind.dialect,
      sizes,
      readMilliseconds,
      primary: own,
    });
    return new ServerEngine(kind, writer, own, replica, poolSize);
  }

  get dialect(): Dialect {
    return this.kind.dialect;
  }

  get cluster(): string | undefined {
    return this.kind.cluster?.name;
  }

  get mayLag(): boolean {
    return this.shown instanceof Replica || this.kind.cluster?.waitForOthers !== undefined;
  }

  poolUsage(): Record<string, PoolUsage> {
    const pools = new Map<string, Pooled>([
      ["write", this.writer],
      ["own", this.own],
      ["clients", this.poolFor("clients")],
    ]);
    if (this.shown instanceof Replica) pools.set("feed", this.shown.pool("feed"));
    return Object.fromEntries(
      [...pools].flatMap(([name, pooled]) => {
        const pool = poolOf(pooled);
        const usage = pool && usageOf(pool);
        return usage === undefined ? [] : [[name, usage]];
      }),
    );
  }

  async read<Row extends object>(
    reading: Reading,
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]> {
    const pool = this.poolFor(reading);
    const reads = withConnection(pool, milliseconds, async (connection) => {
      const wait = reading === "current" ? this.kind.cluster?.waitForOthers : undefined;
      if (wait === undefined) return await connection.query<Row>(sql, parameters);
      await connection.query(wait.begin);
      try {
        if (wait.mayBeNoMember) await connection.execute(writeOfNothing);
        return await connection.query<Row>(sql, parameters);
      } finally {
        await connection.query(wait.end);
      }
    });
    try {
      return await reads;
    } catch (error) {
      // Such a node answers nothing and keeps its connections: they would be taken again and again.
      if (isWithoutOthers(error)) renewConnections(pool);
      throw error;
    }
  }

  private poolFor(reading: Reading): Pooled {
    const { own, shown } = this;
    if (reading === "own" || reading === "current") return own;
    if (shown instanceof Replica) return shown.pool(reading);
    return reading === "feed" ? own : shown;
  }

  async attempt<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    milliseconds: number,
  ): Promise<Result> {
    const result = await withConnection(this.writer, milliseconds, (connection) =>
      this.inTransaction(connection, work),
    );
    this.heardOfWrites(true);
    return result;
  }

  async attemptTogether<Result>(
    works: readonly ((transaction: Transaction) => Promise<Result>)[],
    milliseconds: number,
  ): Promise<Result[]> {
    return await this.attempt((transaction) => workTogether(transaction, works), milliseconds);
  }

  async checkWritable(milliseconds: number): Promise<void> {
    // A statement that changes nothing is refused like any other, and costs the server next to nothing.
    await this.attempt((transaction) => transaction.execute(writeOfNothing), milliseconds);
  }

  async close(): Promise<void> {
    const { shown } = this;
    const closing = shown instanceof Replica ? shown.close() : shown.destroy();
    await Promise.all([this.writer.destroy(), this.own.destroy(), closing]);
  }

  private async inTransaction<Result>(
    connection: MysqlConnection,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    try {
      connection.begin();
      const transaction: Transaction = {
        dialect: this.dialect,
        isShared: false,
        query: (sql, parameters) => connection.query(sql, parameters),
        execute: (sql, parameters) => connection.execute(sql, parameters),
        later: (sql, parameters) => connection.later(sql, parameters),
        insertLater: (insert) => connection.insertLater(insert),
        readTogether: async (read, key) => (await read(transaction, [key]))(key),
      };
      const result = await work(transaction);
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
   * After a switchover the old primary takes no writes and keeps its connections. So all of them are made
   * anew, where the name leads by then: the writing pool's at once, and the reading pools' when writes are
   * taken again. A replica has an address of its own.
   */
  private heardOfWrites(areTaken: boolean): void {
    if (!areTaken) renewConnections(this.writer);
    else if (this.isWithoutWrites) {
      renewConnections(this.own);
      if (!(this.shown instanceof Replica)) renewConnections(this.shown);
    }
    this.isWithoutWrites = !areTaken;
  }
}
