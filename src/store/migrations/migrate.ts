import { type DataSource, type Migration, MigrationExecutor, type MigrationInterface } from "typeorm";
import { UnavailableError } from "../../errors.js";
import { migrationsTable } from "../connection/data-source.js";
import { MigrationLock } from "./migration-lock.js";

/** Told to whoever waits for a start. */
export type TellProgress = (what: string) => void;

/** How long, in milliseconds, an instance that dies while it migrates keeps the others waiting. */
const defaultLease = 15_000;

/**
 * Brings a database's tables up to date. Of instances that start together one migrates, under a lock in a
 * table, and the others wait for it. (SQLite has one process.) Where the one that migrates dies, another goes
 * on, and the server may still run the last statement of the dead one: so a migration that finds its work
 * done meanwhile is run again, which it stands.
 * @param tell is told where this may take long
 * @returns the migrations that were applied now
 */
export async function migrate(
  dataSource: DataSource,
  tell: TellProgress = () => undefined,
  leaseMilliseconds = defaultLease,
): Promise<Migration[]> {
  if (dataSource.options.type === "better-sqlite3") return await applyPending(dataSource, tell);
  const lock = new MigrationLock(dataSource, leaseMilliseconds);
  const deadline = performance.now() + longestWait;
  for (let isTold = false; await isPending(dataSource); isTold = true) {
    if (await lock.tryTake()) return await applyAgainst(dataSource, tell).finally(() => lock.release());
    if (!isTold) tell("another instance is bringing the tables up to date; waiting for it");
    if (performance.now() >= deadline)
      throw new UnavailableError(
        "Another instance is still bringing the tables up to date; start this one again later.",
      );
  }
  return [];
}

/** Whether this build has migrations that the database does not have. */
async function isPending(dataSource: DataSource): Promise<boolean> {
  const applied = await appliedMigrations(dataSource);
  return dataSource.migrations.some((migration) => !applied.has(migrationName(migration)));
}

/** As TypeORM records it. */
export function migrationName(migration: MigrationInterface): string {
  return migration.name ?? migration.constructor.name;
}

/** The names of the migrations that the database has; asks without making the table that lists them. */
async function appliedMigrations(dataSource: DataSource): Promise<ReadonlySet<string>> {
  const runner = dataSource.createQueryRunner();
  try {
    if (!(await runner.hasTable(migrationsTable))) return new Set();
    const rows = (await runner.query(`SELECT name FROM ${migrationsTable}`)) as { name: string }[];
    return new Set(rows.map(({ name }) => name));
  } finally {
    await runner.release();
  }
}

/** As {@link applyPending}, against what the server may still do for an instance that died. */
async function applyAgainst(dataSource: DataSource, tell: TellProgress): Promise<Migration[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyPending(dataSource, tell);
    } catch (error) {
      const { errno } = error as { errno?: number };
      if (attempt === attempts || errno === undefined || !doneMeanwhile.has(errno)) throw error;
    }
  }
}

async function applyPending(dataSource: DataSource, tell: TellProgress): Promise<Migration[]> {
  const executor = new MigrationExecutor(dataSource);
  executor.transaction = "each";
  // TypeORM would qualify it with the database's name and split that at each dot, and names may hold dots.
  Object.assign(executor, { migrationsTable });
  if (!(await executor.showMigrations())) return [];
  tell("bringing the tables up to date, which takes minutes where they are large");
  return await executor.executePendingMigrations();
}

/** Milliseconds. Tables with millions of rows take minutes to change. */
const longestWait = 3_600_000;

/** A dead instance leaves one statement behind; each attempt may meet that of another one. */
const attempts = 5;

/** A table, a column or an index is there already, or is gone already. */
const doneMeanwhile = new Set([1050, 1051, 1060, 1061, 1091]);

/**
 * The statements that would make the tables what the entities say; empty where the migrations are complete.
 */
export async function pendingSchemaChanges(dataSource: DataSource): Promise<string[]> {
  const log = await dataSource.driver.createSchemaBuilder().log();
  return log.upQueries.map(({ query }) => query);
}
