import { setTimeout as delay } from "node:timers/promises";
import mysql, { type Pool } from "mysql2";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../../src/config.js";
import { OneServer } from "../../../src/store/connection/one-server.js";
import { Database } from "../../../src/store/database.js";
import { migrate } from "../../../src/store/migrations/migrate.js";
import { MovableProxy } from "../../support/rehearsal/movable-proxy.js";
import { createTestDatabase, type TestDatabase } from "../../support/service.js";

const patience = { timeout: 10_000, interval: 20 };
/** Milliseconds. */
const longestElsewhere = 300;

/** The replica is the server itself, behind a proxy; how far its primary is, each test says. */
describe.runIf(process.env.TEST_DATABASE_URL !== undefined)("the one server that is read from", () => {
  let test: TestDatabase;
  let database: Database;
  let proxy: MovableProxy;
  let pool: Pool;
  let primaryPosition: number;
  let isElsewhere: boolean;
  beforeEach(async () => {
    test = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    await migrate(database.writer);
    primaryPosition = 0;
    isElsewhere = false;
    const address = new URL(test.url);
    proxy = await MovableProxy.start(Number(address.port));
    address.port = String(proxy.port);
    pool = mysql.createPool(address.href);
    const server = new OneServer(
      () => Promise.resolve(primaryPosition),
      () => [],
      longestElsewhere,
    );
    pool.on("connection", (connection) => {
      if (isElsewhere) connection.query("SET SESSION server_id = 77", () => undefined);
      server.admit(connection);
    });
    await read();
  });
  afterEach(async () => {
    pool.end(() => undefined);
    proxy.stop();
    await database.close();
    await test.drop();
  });

  async function read(): Promise<void> {
    await pool.promise().query("SELECT 1");
  }

  it("is lost with a connection that was given up, though nothing says that it has ended", async () => {
    const connection = await pool.promise().getConnection();
    proxy.silence();
    connection.destroy();
    primaryPosition = 10;
    await expect(read()).rejects.toThrow();
    await expect(read()).rejects.toThrow();
    await database.transaction((transaction) =>
      transaction.execute("UPDATE feed_head SET last_position = 10"),
    );
    await vi.waitFor(read, patience);
  });

  it("is left where all new connections lead to another one for a while", async ({ skip }) => {
    skip(database.dialect.name === "mysql", "MySQL has one server_id for all sessions.");
    const held = await pool.promise().getConnection();
    isElsewhere = true;
    await expect(read()).rejects.toThrow();
    await held.query("SELECT 1");
    // One that leads to the server shows that its address does.
    isElsewhere = false;
    await read();
    await delay(longestElsewhere);
    isElsewhere = true;
    const [other] = await Promise.all([pool.promise().getConnection(), expect(read()).rejects.toThrow()]);
    await held.query("SELECT 1");
    await delay(longestElsewhere);
    await expect(read()).rejects.toThrow();
    await expect(held.query("SELECT 1")).rejects.toThrow();
    await expect(other.query("SELECT 1")).rejects.toThrow();
    await vi.waitFor(read, patience);
  });

  it("is used again where an older backup was restored to its primary, too", async () => {
    primaryPosition = 10;
    proxy.cut();
    await expect(read()).rejects.toThrow();
    await expect(read()).rejects.toThrow();
    await expect(read()).rejects.toThrow();
    // While it is being restored it has no head.
    primaryPosition = NaN;
    await expect(read()).rejects.toThrow();
    primaryPosition = 0;
    await vi.waitFor(read, patience);
  });
});
