import type { DataSource, MigrationInterface } from "typeorm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate, pendingSchemaChanges } from "../../src/store/migrations/migrate.js";
import { mysqlMigrations } from "../../src/store/migrations/mysql/index.js";
import { processesIn } from "../support/processes.js";
import { createTestDatabase, startService, type TestService } from "../support/service.js";
import { storeVariedSessions } from "../support/varied-sessions.js";
import { startProxy } from "../support/stallable-proxy.js";
import { projectedState } from "../support/state-digest.js";

/** Milliseconds: many tables are made and dropped, and each is flushed to the disk. */
const longest = 120_000;

/** The same on all databases; those after the first are released changes of a database in use. */
const [first = "", ...later] = mysqlMigrations.map(({ name }) => name);

describe("migrations of a database that is in use", () => {
  let service: TestService;
  let database: Database;
  beforeAll(async () => {
    service = await startService();
    await storeVariedSessions(service, 30);
    database = await Database.open(service.config.database, 2);
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  // On SQLite a migration and its record are committed together.
  it.runIf(process.env.TEST_DATABASE_URL)(
    "stand being run again where only their records are missing",
    async () => {
      const before = await projectedState(database);
      for (const missing of [...later.map((name) => [name]), [first, ...later]]) {
        for (const name of missing)
          await database.writer.query("DELETE FROM migrations WHERE name = ?", [name]);
        expect((await migrate(database.writer)).map(({ name }) => name)).toEqual(missing);
        expect(await pendingSchemaChanges(database.writer)).toEqual([]);
        expect(await projectedState(database)).toBe(before);
      }
    },
  );
});

describe("migrations of a new database", () => {
  it(
    "are completed by the next start, whichever statement was the last",
    async () => {
      const test = await createTestDatabase();
      const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
      await migrate(database.writer);
      for (const name of [first, ...later]) {
        const statements = await killAfterEach(database, name, async () => {
          expect(await pendingSchemaChanges(database.writer)).toEqual([]);
          expect(await database.read("SELECT id, last_position, expired_position FROM feed_head")).toEqual([
            { id: 1, last_position: 0, expired_position: 0 },
          ]);
        });
        expect(statements).toBeGreaterThan(0);
      }
      await database.close();
      await test.drop();
    },
    longest,
  );

  // SQLite has no server.
  it.runIf(process.env.TEST_DATABASE_URL)(
    "stand the statement that the server still runs for a killed start",
    async () => {
      const test = await createTestDatabase();
      const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 3);
      await migrate(database.writer);
      database.writer.migrations.push(addsColumn);
      const proxy = await startProxy(test.url);
      const dying = await Database.open(loadConfig({ DATABASE_URL: proxy.url }).database, 3);
      dying.writer.migrations.push(addsColumn);
      for (const { writer } of [dying, database]) tellNothing(writer);
      const told: string[] = [];
      const next = await database.transaction(async (reader) => {
        // Who changes the table has to wait for us.
        await reader.query("SELECT 1 AS one FROM sessions LIMIT 1");
        const start = migrate(dying.writer).then(() => "not killed", String);
        await expect.poll(() => altering(test.url), patiently).toHaveLength(1);
        const [first] = await altering(test.url);
        proxy.cut();
        expect(await start).not.toBe("not killed");
        const outcome = migrate(database.writer, (what) => told.push(what), shortLease).then(
          (applied) => applied.length,
          String,
        );
        // It comes when the lease of the dead one has run out, and waits behind it on MySQL, where the server
        // does not notice that nobody waits for that one any more.
        await expect
          .poll(async () => (await altering(test.url)).filter((id) => id !== first), patiently)
          .toHaveLength(1);
        return { outcome };
      }, longest);
      expect(await next.outcome).toBe(1);
      expect(told[0]).toContain("waiting for it");
      expect(await database.read("SELECT added FROM sessions")).toEqual([]);
      expect(await database.read("SELECT owner FROM migration_lock")).toEqual([]);
      await dying.close();
      await proxy.close();
      await database.close();
      await test.drop();
    },
    longest,
  );
});

const patiently = { timeout: 20_000 };

/** Milliseconds that a killed start keeps others waiting here. */
const shortLease = 1_000;

const killed = "killed on purpose";

/** As a later release might. */
const addsColumn: MigrationInterface = {
  name: "AddsColumn9999999999999",
  up: async (runner) => {
    if (!(await runner.hasColumn("sessions", "added")))
      await runner.query("ALTER TABLE sessions ADD COLUMN added int NULL");
  },
  down: () => Promise.resolve(),
};

/** TypeORM prints each failure of a migration. */
function tellNothing({ logger }: DataSource): void {
  vi.spyOn(logger, "logMigration").mockImplementation(() => undefined);
}

/**
 * Undoes a migration (and those after it), kills the start that applies it after its first statement, and
 * starts again; then the same after its second, and so on. Undoing must stand being done again too.
 * @param check is called after each start that was not killed
 * @returns how many statements the migration has
 */
async function killAfterEach(database: Database, name: string, check: () => Promise<void>): Promise<number> {
  const { writer, dialect } = database;
  const { migrations } = writer;
  const at = migrations.findIndex((migration) => migration.name === name);
  const [migration] = migrations.slice(at);
  if (migration === undefined) throw new Error(`There is no migration ${name}.`);
  tellNothing(writer);
  for (let statements = 1; ; statements += 1) {
    for (let left = migrations.length; left > at; left -= 1)
      await writer.undoLastMigration({ transaction: "each" });
    if (!dialect.isEmbedded) await undoAgain(writer, migration);
    const before = dialect.isEmbedded ? await sqliteObjects(database) : [];
    migrations[at] = killedAfter(migration, statements);
    const outcome = await migrate(writer).then(() => "not killed", String);
    migrations[at] = migration;
    if (outcome === "not killed") return statements - 1;
    expect(outcome).toContain(killed);
    // There a migration is whole or not at all.
    if (dialect.isEmbedded) expect(await sqliteObjects(database)).toEqual(before);
    await migrate(writer);
    await check();
  }
}

async function undoAgain(dataSource: DataSource, migration: MigrationInterface): Promise<void> {
  const runner = dataSource.createQueryRunner();
  await migration.down(runner).finally(() => runner.release());
}

/** The connections that change a table of the database at the URL now. */
async function altering(url: string): Promise<number[]> {
  const processes = await processesIn(url);
  return processes.flatMap(({ id, statement }) =>
    statement?.startsWith("ALTER TABLE ") === true ? [id] : [],
  );
}

async function sqliteObjects(database: Database): Promise<object[]> {
  return await database.read("SELECT name, sql FROM sqlite_master ORDER BY name");
}

/** The migration, failing after so many of its statements. Those that only read do not count. */
function killedAfter(migration: MigrationInterface, statements: number): MigrationInterface {
  const up: MigrationInterface["up"] = async (runner) => {
    const query = runner.query.bind(runner);
    let left = statements;
    const spy = vi.spyOn(runner, "query").mockImplementation(async (...asked) => {
      const result: unknown = await query(...asked);
      if (!asked[0].startsWith("SELECT")) left -= 1;
      if (left === 0) throw new Error(killed);
      return result;
    });
    try {
      await migration.up(runner);
    } finally {
      spy.mockRestore();
    }
  };
  return Object.create(migration, { up: { value: up } }) as MigrationInterface;
}
