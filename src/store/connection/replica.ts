import type { Pool } from "mysql2";
import type { ServerTarget } from "../../database-url.js";
import type { Dialect } from "../sql/dialect.js";
import { replicaPool } from "./server-data-source.js";
import { OneServer } from "./one-server.js";
import { idleConnections } from "./pool.js";
import { type Pooled, withConnection } from "./time-limit.js";

interface ReplicaOptions {
  readonly target: ServerTarget;
  /** Of the primary, which a replica shares. */
  readonly dialect: Dialect;
  readonly sizes: { readonly own: number; readonly clients: number };
  readonly readMilliseconds: number;
  /** The pool of the service's own reads of the primary. */
  readonly primary: Pooled;
}

const longestQuestion = 2_000;

/**
 * A server that follows the primary and lags: what clients read, and how far the feed goes there. It may be
 * away when the service starts, and is connected to when it is asked: deliveries do not wait for it.
 */
export class Replica {
  private readonly pools: Readonly<Record<"feed" | "clients", { readonly driver: { readonly pool: Pool } }>>;

  constructor({ target, dialect, sizes, readMilliseconds, primary }: ReplicaOptions) {
    const server = new OneServer(
      () => positionOn(primary),
      () => Object.values(this.pools).flatMap(({ driver }) => idleConnections(driver.pool)),
    );
    const pooled = (size: number) => ({
      driver: { pool: replicaPool(target, dialect, size, readMilliseconds, server) },
    });
    this.pools = { feed: pooled(sizes.own), clients: pooled(sizes.clients) };
  }

  pool(reading: "feed" | "clients"): Pooled {
    return this.pools[reading];
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.pools).map(({ driver: { pool } }) => pool.promise().end()));
  }
}

async function positionOn(primary: Pooled): Promise<number> {
  const rows = await withConnection(primary, longestQuestion, (connection) =>
    connection.query<{ position: number | string }>(
      "SELECT last_position AS position FROM feed_head WHERE id = 1",
    ),
  );
  return Number(rows[0]?.position);
}
