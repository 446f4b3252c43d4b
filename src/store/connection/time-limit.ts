import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolConnection } from "mysql2";
import { isOutOfConnections } from "../connection/pool.js";
import { isConnectionLost } from "../database-errors.js";
import { MysqlConnection } from "../connection/mysql-connection.js";

/** The database did not answer in time. Whether it has done what it was asked is unknown. */
export class DatabaseStalledError extends Error {
  readonly code = "DATABASE_STALLED";

  constructor(milliseconds: number) {
    super(`The database did not answer within ${milliseconds} ms.`);
    this.name = "DatabaseStalledError";
  }
}

/** What has a pool of mysql2: TypeORM's data sources have it here. */
export interface Pooled {
  readonly driver: object;
}

/** When a connection was first borrowed: it was made just before. */
const firstBorrowed = new WeakMap<PoolConnection, number>();
/**
 * From when on a pool's connections are used; older ones lead to a server that is not the right one any more.
 */
const usedSince = new WeakMap<Pooled, number>();

/** Makes the pool's connections anew, each before its next use. */
export function renewConnections(dataSource: Pooled): void {
  usedSince.set(dataSource, performance.now());
}

function isOutdated(connection: PoolConnection, dataSource: Pooled): boolean {
  const since = firstBorrowed.get(connection) ?? performance.now();
  firstBorrowed.set(connection, since);
  return since < (usedSince.get(dataSource) ?? 0);
}

/** Connections that are tried one after the other where each turns out to be cut at its first use. */
const attempts = 3;

/** Pause between two tries where the server has no connection left and the pool has none, in milliseconds. */
const pause = 100;

/**
 * Takes a connection from the pool; those that are outdated are destroyed, and new ones come into their
 * place. Where the server has none left it is asked again, as long as somebody waits.
 */
async function borrow(dataSource: Pooled, loan: { readonly isLate: boolean }): Promise<PoolConnection> {
  for (;;) {
    let connection: PoolConnection;
    try {
      connection = await connectionOf(dataSource);
    } catch (error) {
      if (loan.isLate || !isOutOfConnections(error)) throw error;
      await delay(pause * (0.5 + Math.random()));
      continue;
    }
    if (!isOutdated(connection, dataSource)) return connection;
    connection.destroy();
  }
}

/** TypeORM's own pool; undefined once it is closed. */
export function poolOf({ driver }: Pooled): Pool | undefined {
  return (driver as { readonly pool?: Pool }).pool;
}

/** Asks TypeORM's pool itself: a query runner for each statement costs more than the wait for it. */
async function connectionOf(dataSource: Pooled): Promise<PoolConnection> {
  const pool = poolOf(dataSource);
  if (pool === undefined) throw new Error("The pool of connections is closed.");
  return await new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error === null) resolve(connection);
      else reject(error);
    });
  });
}

/**
 * Borrows a connection for some work, for so long at the most, the wait for a free connection included. A
 * connection that is late is destroyed, for nobody knows what it still has under way; the pool makes a new
 * one in its place. Where a connection is lost before it answered anything, the work is done anew on another
 * one.
 * @throws DatabaseStalledError when the time is over
 */
export async function withConnection<Result>(
  dataSource: Pooled,
  milliseconds: number,
  work: (connection: MysqlConnection) => Promise<Result>,
): Promise<Result> {
  const loan: { connection?: MysqlConnection; release?: () => void; isLate: boolean } = {
    isLate: false,
  };
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      loan.isLate = true;
      reject(new DatabaseStalledError(milliseconds));
    }, milliseconds);
  });
  const worked = (async () => {
    for (let attempt = 1; ; attempt += 1) {
      const connection = await borrow(dataSource, loan);
      if (loan.isLate) {
        // Nobody waits any more for a connection that became free too late; it goes back unused.
        connection.release();
        throw new DatabaseStalledError(milliseconds);
      }
      loan.release = () => {
        connection.release();
      };
      const lent = (loan.connection = new MysqlConnection(connection));
      try {
        return await work(lent);
      } catch (error) {
        if (attempt === attempts || !lent.isReplaceable || !isConnectionLost(error)) throw error;
        // It was cut before its first use.
        lent.giveBack();
        lent.destroy();
      }
    }
  })();
  try {
    return await Promise.race([worked, lateness]);
  } finally {
    clearTimeout(timer);
    // A transaction that is still open (its rollback failed) must not reach the next borrower either.
    loan.connection?.giveBack();
    if (loan.isLate || loan.connection?.isInTransaction === true) loan.connection?.destroy();
    else loan.release?.();
  }
}
