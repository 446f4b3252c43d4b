import mysql from "mysql2/promise";
import { describe, expect, it } from "vitest";
import { stopLeftOver } from "./support/left-over.js";
import { processesIn } from "./support/processes.js";
import { createTestDatabase, startService } from "./support/service.js";

describe("what tests share a process and a server with", () => {
  it("is no service that a failed test left running", async () => {
    const database = await createTestDatabase();
    const left = await startService({}, database);
    expect((await fetch(`${left.url}/readyz`)).status).toBe(200);
    await stopLeftOver();
    await expect(fetch(`${left.url}/readyz`)).rejects.toThrow("fetch failed");
    await database.drop();
  });

  it.runIf(process.env.TEST_DATABASE_URL)(
    "may be a statement with any characters, and the server's connections are listed",
    async () => {
      const database = await createTestDatabase();
      const other = await mysql.createConnection(database.url);
      const statement = "SELECT SLEEP(1) AS slept, '𐖐😀' AS told";
      const asked = other.query(statement);
      await expect
        .poll(async () => (await processesIn(database.url)).map((process) => process.statement))
        .toContain(statement);
      await asked;
      await other.end();
      await database.drop();
    },
  );
});
