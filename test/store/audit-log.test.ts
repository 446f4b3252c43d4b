import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { UnavailableError } from "../../src/errors.js";
import { createLogger } from "../../src/logger.js";
import { AuditLog } from "../../src/store/audit-log.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";

const transaction = Reflect.get(Database.prototype, "transaction");

describe("the audit log, where the database fails", () => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    await migrate(database.writer);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const note = (audit: AuditLog, operation: string) => {
    audit.note({ caller: "command", role: "operator", action: "read", operation, count: 0, ids: [] });
  };

  async function operations(): Promise<string[]> {
    const rows = await database.read<{ operation: string }>("SELECT operation FROM audit_log ORDER BY id");
    return rows.map(({ operation }) => operation);
  }

  it("writes again without being told of more, what may be written already too, and each entry once", async () => {
    const audit = new AuditLog(database, createLogger("silent"));
    const failing = vi
      .spyOn(database, "transaction")
      .mockImplementationOnce(async (work, milliseconds) => {
        await transaction.call(database, work, milliseconds);
        throw new UnavailableError("The database cannot be reached.");
      })
      .mockRejectedValueOnce(new UnavailableError("The database cannot be reached."));
    note(audit, "one");
    await vi.waitFor(
      () => {
        expect(failing).toHaveBeenCalledTimes(3);
      },
      { timeout: 10_000 },
    );
    note(audit, "two");
    await audit.stop();
    expect(await operations()).toEqual(["one", "two"]);
  });

  it("tries no more once it has stopped", async () => {
    vi.useFakeTimers();
    const audit = new AuditLog(database, createLogger("silent"));
    const failing = vi.spyOn(database, "transaction").mockRejectedValue(new UnavailableError("Away."));
    note(audit, "lost");
    await audit.stop();
    expect(failing).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
