import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { migrate, pendingSchemaChanges } from "../../src/store/migrate.js";
import { IndexAuditTimes1764540000000 as MysqlIndex } from "../../src/store/migrations/mysql/1764540000000-index-audit-times.js";
import { IndexAuditTimes1764540000000 as SqliteIndex } from "../../src/store/migrations/sqlite/1764540000000-index-audit-times.js";
import { startService, type TestService } from "../service.js";
import { storeVariedSessions } from "../graphql/varied-sessions.js";
import { projectedState } from "./state-digest.js";

/** Those that make rows of what is stored, and those after them. */
const undone = 6;

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

  it("make what they add of what is stored, as its events would", async () => {
    const before = await projectedState(database);
    expect(before).toContain("session_terms");
    expect(before).toContain('"failed_message_count":1');
    expect(before).toContain('"name_trailing_spaces":2');
    for (let count = 0; count < undone; count += 1)
      await database.writer.undoLastMigration({ transaction: "each" });
    expect(await pendingSchemaChanges(database.writer)).not.toEqual([]);
    expect(await migrate(database.writer)).toHaveLength(undone);
    expect(await pendingSchemaChanges(database.writer)).toEqual([]);
    expect(await projectedState(database)).toBe(before);
  });

  it("index the audit log's times, also where they are done or undone twice", async () => {
    const runner = database.writer.createQueryRunner();
    const migration = database.dialect === "sqlite" ? new SqliteIndex() : new MysqlIndex();
    for (const way of ["up", "down", "down", "up", "up"] as const) await migration[way](runner);
    await runner.release();
    expect(await pendingSchemaChanges(database.writer)).toEqual([]);
  });
});
