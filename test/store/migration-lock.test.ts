import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate, pendingSchemaChanges } from "../../src/store/migrations/migrate.js";
import { startMeddlingProxy } from "../support/meddling-proxy.js";
import { createTestDatabase, sample, startService, type TestDatabase } from "../support/service.js";
import { builtCommand } from "../support/built-command.js";

const command = builtCommand("migrate");
const longest = 120_000;
/** Milliseconds that a killed migrator keeps others waiting here. */
const shortLease = 1_500;
const statement = "CREATE TABLE IF NOT EXISTS messages";

/** SQLite has one process, and no lock of this kind. */
describe.runIf(process.env.TEST_DATABASE_URL)("instances that start at once on an empty database", () => {
  let test: TestDatabase;
  const opened: Database[] = [];
  const open = async (): Promise<Database> => {
    const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    opened.push(database);
    return database;
  };
  beforeEach(async () => {
    test = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await test.drop();
  });

  it("migrate once, and all of them serve", { timeout: longest }, async () => {
    const databases = await Promise.all(Array.from({ length: 5 }, open));
    const [services, ...applied] = await Promise.all([
      Promise.all([1, 2].map(() => startService({}, test))),
      ...databases.map(({ writer }) => migrate(writer)),
    ]);
    // One of these seven did it.
    expect(applied.filter((names) => names.length > 0).length).toBeLessThanOrEqual(1);
    const records = await databases[0]?.read<{ name: string }>("SELECT name FROM migrations");
    expect(records?.map(({ name }) => name)).toEqual(databases[0]?.writer.migrations.map(({ name }) => name));
    for (const [index, service] of services.entries()) {
      const event = await sample("analyzed");
      event.request_id = `instance-${index}`;
      expect((await service.post(event)).status).toBe(200);
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    }
    await Promise.all(services.map((service) => service.stop()));
    expect(await databases[0]?.read("SELECT owner FROM migration_lock")).toEqual([]);
  });

  it(
    "go on where the one that migrates is killed, once its lease has run out",
    { timeout: longest },
    async () => {
      const migrator: { process?: ChildProcess } = {};
      // It gets no answer to this statement: it is in the middle of its work when it is killed.
      const proxy = await startMeddlingProxy(test.url, (packet) => {
        if (!packet.includes(statement)) return packet;
        migrator.process?.kill("SIGKILL");
        return Buffer.alloc(0);
      });
      const child = spawn(process.execPath, [command], {
        env: { PATH: process.env.PATH, DATABASE_URL: proxy.url },
        stdio: "ignore",
      });
      migrator.process = child;
      const ended = once(child, "exit");
      const database = await open();
      const isBegun = () => database.read("SELECT owner FROM migration_lock").catch(() => []);
      await expect.poll(isBegun, { timeout: longest }).toHaveLength(1);
      const told: string[] = [];
      const starts = Promise.all(
        (await Promise.all([1, 2, 3].map(open))).map(({ writer }) =>
          migrate(writer, (what) => told.push(what), shortLease),
        ),
      );
      expect(await ended).toEqual([null, "SIGKILL"]);
      expect((await starts).filter((applied) => applied.length > 0)).toHaveLength(1);
      expect(told.filter((what) => what.includes("waiting for it"))).toHaveLength(3);
      expect(await pendingSchemaChanges(database.writer)).toEqual([]);
      expect(await database.read("SELECT owner FROM migration_lock")).toEqual([]);
      await proxy.close();
    },
  );
});

describe.runIf(process.env.TEST_DATABASE_URL)("a lease", () => {
  it("lasts as long as its holder works, however short it is", { timeout: longest }, async () => {
    const test = await createTestDatabase();
    const [working, waiting] = await Promise.all(
      [1, 2].map(() => Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2)),
    );
    if (working === undefined || waiting === undefined) throw new Error("There are two.");
    const end = new EventEmitter();
    working.writer.migrations.push({
      name: "TakesLong9999999999999",
      up: async () => {
        await once(end, "of the work");
      },
      down: () => Promise.resolve(),
    });
    const work = migrate(working.writer, undefined, 500);
    await expect
      .poll(() => waiting.read("SELECT name FROM migrations").catch(() => []), { timeout: longest })
      .not.toEqual([]);
    waiting.writer.migrations.push({
      name: "TakesLong9999999999999",
      up: () => Promise.reject(new Error("It was done twice.")),
      down: () => Promise.resolve(),
    });
    const other = migrate(waiting.writer, undefined, 500);
    // Several times the lease's length.
    await expect
      .poll(
        async () => {
          const [row] = await waiting.read<{ renewals: number }>("SELECT renewals FROM migration_lock");
          return Number(row?.renewals);
        },
        { timeout: longest },
      )
      .toBeGreaterThan(30);
    end.emit("of the work");
    expect((await work).at(-1)?.name).toBe("TakesLong9999999999999");
    expect(await other).toEqual([]);
    await Promise.all([working, waiting].map((database) => database.close()));
    await test.drop();
  });
});
