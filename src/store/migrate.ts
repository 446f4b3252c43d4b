import type { DataSource, Migration } from "typeorm";

/**
 * Brings a database's tables up to date. Instances that start together take turns (a lock in the database, where it has one: not
 * on SQLite, which one process uses, nor on Vitess, where migrations are applied by its own tooling).
 * @returns the migrations that were applied now
 */
export async function migrate(dataSource: DataSource): Promise<Migration[]> {
  if (dataSource.options.type === "better-sqlite3") return await dataSource.runMigrations();
  const runner = dataSource.createQueryRunner();
  try {
    const [row] = (await runner.query(`SELECT GET_LOCK(${lockName}, ${longestWait}) AS taken`)) as {
      taken: unknown;
    }[];
    if (Number(row?.taken) !== 1)
      throw new Error(
        "Another instance is still bringing the tables up to date; start this one again later.",
      );
    return await dataSource.runMigrations();
  } finally {
    await runner.query(`SELECT RELEASE_LOCK(${lockName})`).catch(() => undefined);
    await runner.release();
  }
}

/** Seconds. Tables with millions of rows take minutes to change. */
const longestWait = 3_600;

/** Such locks are the whole server's: other databases on it must not wait for ours. */
const lockName = "CONCAT('conversation-agent-api.', LEFT(SHA2(DATABASE(), 256), 32))";

/** The statements that would make the tables what the entities say; empty where the migrations are complete. */
export async function pendingSchemaChanges(dataSource: DataSource): Promise<string[]> {
  const log = await dataSource.driver.createSchemaBuilder().log();
  return log.upQueries.map(({ query }) => query);
}
