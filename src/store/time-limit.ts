import type { PoolConnection } from "mysql2";
import type { DataSource } from "typeorm";
import { MysqlConnection } from "./mysql-connection.js";

/** The database did not answer in time. Whether it has done what it was asked is unknown. */
export class DatabaseStalledError extends Error {
  readonly code = "DATABASE_STALLED";

  constructor(milliseconds: number) {
    super(`The database did not answer within ${milliseconds} ms.`);
    this.name = "DatabaseStalledError";
  }
}

/** When a connection was first borrowed: it was made just before. */
const firstBorrowed = new WeakMap<PoolConnection, number>();
/** From when on a pool's connections are used; older ones lead to a server that is not the right one any more. */
const usedSince = new WeakMap<DataSource, number>();

/** Makes the pool's connections anew, each before its next use. */
export function renewConnections(dataSource: DataSource): void {
  usedSince.set(dataSource, performance.now());
}

function isOutdated(connection: PoolConnection, dataSource: DataSource): boolean {
  const since = firstBorrowed.get(connection) ?? performance.now();
  firstBorrowed.set(connection, since);
  return since < (usedSince.get(dataSource) ?? 0);
}

/** Takes a connection from the pool; those that are outdated are destroyed, and new ones come into their place. */
async function borrow(dataSource: DataSource) {
  for (;;) {
    const runner = dataSource.createQueryRunner();
    const connection = (await runner.connect()) as PoolConnection;
    if (!isOutdated(connection, dataSource)) return { runner, connection };
    connection.destroy();
  }
}

/**
 * Borrows a connection for some work, for so long at the most, the wait for a free connection included. A connection that is late
 * is destroyed, for nobody knows what it still has under way; the pool makes a new one in its place.
 * @throws DatabaseStalledError when the time is over
 */
export async function withConnection<Result>(
  dataSource: DataSource,
  milliseconds: number,
  work: (connection: MysqlConnection) => Promise<Result>,
): Promise<Result> {
  const loan: { connection?: MysqlConnection; release?: () => Promise<void>; isLate: boolean } = {
    isLate: false,
  };
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      loan.isLate = true;
      reject(new DatabaseStalledError(milliseconds));
    }, milliseconds);
  });
  const worked = borrow(dataSource).then(async ({ runner, connection }) => {
    if (loan.isLate) {
      // Nobody waits any more for a connection that became free too late; it goes back unused.
      await runner.release();
      throw new DatabaseStalledError(milliseconds);
    }
    loan.release = () => runner.release();
    loan.connection = new MysqlConnection(connection);
    return await work(loan.connection);
  });
  try {
    return await Promise.race([worked, lateness]);
  } finally {
    clearTimeout(timer);
    // A transaction that is still open (its rollback failed) must not reach the next borrower either.
    loan.connection?.giveBack();
    if (loan.isLate || loan.connection?.isInTransaction === true) loan.connection?.destroy();
    else await loan.release?.();
  }
}
