import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { migrate, pendingSchemaChanges } from "../../src/store/migrate.js";
import { startService, type TestService } from "../service.js";
import { storeVariedSessions } from "../graphql/varied-sessions.js";
import { projectedState } from "./state-digest.js";

/** Those that make rows of what is stored, and those after them. */
const undone = 5;

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
});
