import type { Socket } from "node:net";
import type { PoolConnection, QueryError, RowDataPacket } from "mysql2";
import { isAlive } from "./pool.js";

interface Met {
  readonly server: number;
  /** How far the feed goes there. */
  readonly position: number;
}

/** What mysql2's types do not say. */
interface Streaming {
  readonly stream: Socket;
}

const question =
  "SELECT @@server_id AS server, (SELECT last_position FROM feed_head WHERE id = 1) AS position";

/**
 * Keeps pools on one server, where their address may lead to several that lag: of two reads in a row the
 * second must not find less than the first, or a page would lack what its `eventCursor` says is in it. A
 * connection to another server is refused while one to the first is open, unless all new ones have led there
 * for a while. Once all of them are lost or closed, a server is used when it has everything that the primary
 * had then.
 */
export class OneServer {
  private readonly open = new Set<PoolConnection>();
  private server: number | undefined;
  private needed: number | undefined;
  /** Set while the primary is asked; another one where all connections were lost meanwhile. */
  private asking: symbol | undefined;

  private isAskingIdle = false;

  /** Since when new connections lead to another server, by the clock of `performance.now()`. */
  private elsewhereSince: number | undefined;

  /**
   * @param primaryPosition how far the feed goes on the primary
   * @param idle those of the pools' connections that nobody uses
   * @param longestElsewhere milliseconds after which new connections, all to another server, are right
   */
  constructor(
    private readonly primaryPosition: () => Promise<number>,
    private readonly idle: () => readonly PoolConnection[],
    private readonly longestElsewhere = 5_000,
  ) {}

  /** Asks a new connection where it leads, before its first use, and closes it where that is wrong. */
  admit(connection: PoolConnection): void {
    connection.query(question, (error: QueryError | null, rows: RowDataPacket[]) => {
      const [row] = error === null ? rows : [];
      const isRight =
        row !== undefined && this.isRight({ server: Number(row.server), position: Number(row.position) });
      if (!isRight) {
        connection.destroy();
        // Whoever waits for it already hears of it at once, and of a connection that is lost.
        (connection as PoolConnection & Streaming).stream.destroy(
          new Error("The replica is not the one that was read from."),
        );
        return;
      }
      this.open.add(connection);
      const close = () => {
        this.open.delete(connection);
        if (this.open.size > 0) return;
        this.needed = undefined;
        this.asking = undefined;
      };
      connection.on("end", close);
      connection.on("error", close);
      // A server that fell silent never says that a connection has ended.
      const destroy = connection.destroy.bind(connection);
      connection.destroy = () => {
        close();
        destroy();
      };
    });
  }

  private isRight({ server, position }: Met): boolean {
    if (this.open.size > 0) {
      if (server === this.server) {
        this.elsewhereSince = undefined;
        return true;
      }
      this.metAnother();
      return false;
    }
    const isFirst = this.server === undefined;
    if (!isFirst && !(position >= (this.needed ?? Infinity))) {
      void this.askPrimary();
      return false;
    }
    this.server = server;
    return true;
  }

  /**
   * A balancer whose server is back leads there, and leaves the connections to its backup open: these would
   * keep the server out for ever.
   */
  private metAnother(): void {
    const now = performance.now();
    this.elsewhereSince ??= now;
    if (now - this.elsewhereSince >= this.longestElsewhere) this.closeAll();
    else void this.closeSilent();
  }

  private closeAll(): void {
    this.elsewhereSince = undefined;
    for (const connection of [...this.open]) connection.destroy();
  }

  /** Asks again and again: an older backup may be restored to the primary, and then less is needed. */
  private async askPrimary(): Promise<void> {
    if (this.asking !== undefined) return;
    const asking = (this.asking = Symbol());
    const position = await this.primaryPosition().catch(() => NaN);
    if (this.asking !== asking) return;
    this.asking = undefined;
    if (position < (this.needed ?? Infinity)) this.needed = position;
  }

  /**
   * A server that fell silent ends no connection, and would keep the one out that took its place. Where no
   * idle connection answers, all are closed; one in use has its own time limit, as it may be busy.
   */
  private async closeSilent(): Promise<void> {
    if (this.isAskingIdle) return;
    this.isAskingIdle = true;
    const asked = this.idle().filter((connection) => this.open.has(connection));
    const answers = await Promise.all(asked.map(isAlive));
    this.isAskingIdle = false;
    if (asked.length === 0 || answers.includes(true)) return;
    this.closeAll();
  }
}
