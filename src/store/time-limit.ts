import type { DataSource, QueryRunner } from "typeorm";

/** The database did not answer in time. Whether it has done what it was asked is unknown. */
export class DatabaseStalledError extends Error {
  readonly code = "DATABASE_STALLED";

  constructor(milliseconds: number) {
    super(`The database did not answer within ${milliseconds} ms.`);
    this.name = "DatabaseStalledError";
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
  work: (runner: QueryRunner) => Promise<Result>,
): Promise<Result> {
  const runner = dataSource.createQueryRunner();
  const loan: { connection?: { destroy(): void }; isLate: boolean } = { isLate: false };
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      loan.isLate = true;
      reject(new DatabaseStalledError(milliseconds));
    }, milliseconds);
  });
  const connecting = runner.connect() as Promise<{ destroy(): void }>;
  const worked = connecting.then(async (connection) => {
    if (loan.isLate) {
      // Nobody waits any more for a connection that became free too late; it goes back unused.
      await runner.release();
      throw new DatabaseStalledError(milliseconds);
    }
    loan.connection = connection;
    return await work(runner);
  });
  try {
    return await Promise.race([worked, lateness]);
  } finally {
    clearTimeout(timer);
    // A transaction that is still open (its rollback failed) must not reach the next borrower either.
    if (loan.isLate || runner.isTransactionActive) loan.connection?.destroy();
    else await runner.release();
  }
}
