import type { DataSource } from "typeorm";
import type { ServerTarget } from "../../database-url.js";
import { isWithoutWrites } from "../database-errors.js";
import type { Dialect } from "../sql/dialect.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import { detectServer, serverDataSource, type ServerKind } from "./data-source.js";
import { type Engine, initializeAll, type Reading } from "./engine.js";
import type { MysqlConnection } from "./mysql-connection.js";
import { renewConnections, withConnection } from "./time-limit.js";

/** The connections of the service's own reads: they are few and short. */
const ownConnections = 4;

const writeOfNothing = "DELETE FROM service_settings WHERE name = ''";

/**
 * A server behind three pools, so that none starves another: one writes, one reads what the service itself
 * asks (who calls, who was erased, how far the feed reaches), one reads what clients ask.
 */
export class ServerEngine implements Engine {
  /** The last write found a server that takes none. */
  private isWithoutWrites = false;

  private constructor(
    private readonly kind: ServerKind,
    readonly writer: DataSource,
    private readonly readers: Readonly<Record<Reading, DataSource>>,
    readonly readConnections: number,
  ) {}

  /** @param readMilliseconds after which the server ends a reading statement */
  static async open(
    target: ServerTarget,
    poolSize: number,
    readMilliseconds: number,
    isSearched: boolean,
  ): Promise<ServerEngine> {
    const found = await detectServer(target);
    const kind = { ...found, dialect: { ...found.dialect, isSearched } };
    const reading = (size: number) => serverDataSource(target, kind, size, { readMilliseconds });
    const writer = serverDataSource(target, kind, poolSize);
    const readers = { own: reading(Math.min(ownConnections, poolSize)), clients: reading(poolSize) };
    await initializeAll([writer, readers.own, readers.clients]);
    return new ServerEngine(kind, writer, readers, poolSize);
  }

  get dialect(): Dialect {
    return this.kind.dialect;
  }

  get cluster(): string | undefined {
    return this.kind.cluster;
  }

  async read<Row extends object>(
    reading: Reading,
    sql: string,
    parameters: readonly SqlValue[],
    milliseconds: number,
  ): Promise<Row[]> {
    const pool = this.readers[reading];
    return await withConnection(pool, milliseconds, (connection) => connection.query<Row>(sql, parameters));
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

  async checkWritable(milliseconds: number): Promise<void> {
    // A statement that changes nothing is refused like any other, and costs the server next to nothing.
    await this.attempt((transaction) => transaction.execute(writeOfNothing), milliseconds);
  }

  async close(): Promise<void> {
    const { own, clients } = this.readers;
    await Promise.all([this.writer, own, clients].map((pool) => pool.destroy()));
  }

  private async inTransaction<Result>(
    connection: MysqlConnection,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    try {
      connection.begin();
      const result = await work({
        dialect: this.dialect,
        isShared: false,
        query: (sql, parameters) => connection.query(sql, parameters),
        execute: (sql, parameters) => connection.execute(sql, parameters),
        later: (sql, parameters) => connection.later(sql, parameters),
      });
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
   * taken again.
   */
  private heardOfWrites(areTaken: boolean): void {
    if (!areTaken) renewConnections(this.writer);
    else if (this.isWithoutWrites) Object.values(this.readers).forEach(renewConnections);
    this.isWithoutWrites = !areTaken;
  }
}
