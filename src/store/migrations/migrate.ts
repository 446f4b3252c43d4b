import { type DataSource, type Migration, MigrationExecutor } from "typeorm";
import { UnavailableError } from "../../errors.js";
import { migrationsTable } from "../connection/data-source.js";

/** Told to whoever waits for a start. */
export type TellProgress = (what: string) => void;

/**
 * Brings a database's tables up to date. Instances that start together take turns (a lock in the database,
 * where it has one: not on SQLite, which one process uses, nor on Vitess, where migrations are applied by its
 * own tooling). Nothing else may ask for the migrations of a server's database before it has the lock:
 * TypeORM creates their table on being asked. And the connection that has the lock migrates: where this
 * process is killed, the server may run its last statement to the end, and keeps the lock until then.
 * @param tell is told where this may take long
 * @returns the migrations that were applied now
 */
export async function migrate(
  dataSource: DataSource,
  tell: TellProgress = () => undefined,
): Promise<Migration[]> {
  if (dataSource.options.type === "better-sqlite3")
    return await applyPending(new MigrationExecutor(dataSource), tell);
  const runner = dataSource.createQueryRunner();
  const takeLock = async (seconds: number) => {
    const sql = `SELECT GET_LOCK(${lockName}, ${seconds}) AS taken`;
    const [row] = (await runner.query(sql)) as { taken: unknown }[];
    return Number(row?.taken) === 1;
  };
  try {
    if (!(await takeLock(0))) {
      tell("another instance is bringing the tables up to date; waiting for it");
      if (!(await takeLock(longestWait)))
        throw new UnavailableError(
          "Another instance is still bringing the tables up to date; start this one again later.",
        );
    }
    return await applyPending(new MigrationExecutor(dataSource, runner), tell);
  } finally {
    await runner.query(`SELECT RELEASE_LOCK(${lockName})`).catch(() => undefined);
    await runner.release();
  }
}

async function applyPending(executor: MigrationExecutor, tell: TellProgress): Promise<Migration[]> {
  executor.transaction = "each";
  // TypeORM would qualify it with the database's name and split that at each dot, and names may hold dots.
  Object.assign(executor, { migrationsTable });
  if (!(await executor.showMigrations())) return [];
  tell("bringing the tables up to date, which takes minutes where they are large");
  return await executor.executePendingMigrations();
}

/** Seconds. Tables with millions of rows take minutes to change. */
const longestWait = 3_600;

/** Such locks are the whole server's: other databases on it must not wait for ours. */
const lockName = "CONCAT('conversation-agent-api.', LEFT(SHA2(DATABASE(), 256), 32))";

/**
 * The statements that would make the tables what the entities say; empty where the migrations are complete.
 */
export async function pendingSchemaChanges(dataSource: DataSource): Promise<string[]> {
  const log = await dataSource.driver.createSchemaBuilder().log();
  return log.upQueries.map(({ query }) => query);
}
