import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { QueryTooComplexError, UnavailableError } from "../../src/errors.js";
import { ClientReads } from "../../src/store/connection/client-reads.js";
import { mariadb, mysql } from "../../src/store/sql/mysql.dialect.js";
import { serverDataSource } from "../../src/store/connection/server-data-source.js";
import { Database, defaultTimeLimits } from "../../src/store/database.js";
import { isConnectionLost, isOutOfTime } from "../../src/store/database-errors.js";
import { localCaller } from "../../src/access/caller.js";
import { processesIn } from "../support/processes.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

const told = "The question takes the database longer than 7 s: ask for less, such as a shorter time.";

/** As mysql2 reports an error that it has no name for, such as MariaDB's. */
const errorOf = (errno: number) => Object.assign(new Error("Query execution was interrupted"), { errno });

describe("a statement that the server ends", () => {
  it("is known by MariaDB's number and MySQL's, and is no lost connection", () => {
    expect([1969, 3024].map(errorOf).every(isOutOfTime)).toBe(true);
    expect([1969, 3024].map(errorOf).some(isConnectionLost)).toBe(false);
    expect([errorOf(1205), errorOf(1317), new Error("1969"), undefined].some(isOutOfTime)).toBe(false);
  });
});

describe("a question that takes the database too long", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ DATABASE_READ_SECONDS: "7" });
  });
  afterAll(async () => {
    await service.stop();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Fails whatever reads from sessions as the server's limit would. */
  function failSessions(cause: unknown): void {
    const read = Reflect.get(Database.prototype, "readForClients");
    vi.spyOn(Database.prototype, "readForClients").mockImplementation(function (
      this: Database,
      sql,
      ...more
    ) {
      return sql.includes(" FROM sessions ")
        ? Promise.reject(new UnavailableError("The database takes too long to answer.", cause))
        : read.call(this, sql, ...more);
    });
  }

  it.each([1969, 3024])("is refused as too complex over GraphQL (%i)", async (errno) => {
    failSessions(errorOf(errno));
    const { errors } = await service.query("{ sessions { nodes { id } } }");
    expect(errors).toMatchObject([{ message: told, extensions: { code: "QUERY_TOO_COMPLEX" } }]);
  });

  it.each(["ndjson", "csv"])(
    "is refused as a problem before the first byte of an export (%s)",
    async (kind) => {
      failSessions(errorOf(1969));
      const response = await fetch(`${service.url}/export/sessions.${kind}`);
      expect(response.status).toBe(400);
      expect(response.headers.get("Content-Type")).toMatch(/^application\/problem\+json/);
      expect(await response.json()).toMatchObject({ title: "QUERY_TOO_COMPLEX", detail: told });
    },
  );

  it("is told from a database that is away", async () => {
    failSessions(errorOf(2013));
    const { errors } = await service.query("{ sessions { nodes { id } } }");
    expect(errors?.[0]?.extensions.code).toBe("SERVICE_UNAVAILABLE");
  });
});

/** SQLite answers before its call returns: there is nobody who could end a statement. */
if (process.env.TEST_DATABASE_URL) {
  describe("a statement without end, on a server", () => {
    /** Passes over so many rows that no machine comes to its end. */
    const endless =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT COUNT(*) AS count FROM n a, n b, n c, n d, n e WHERE a.i + b.i + c.i + d.i + e.i = 0";
    let test: TestDatabase;
    let database: Database;
    beforeAll(async () => {
      test = await createTestDatabase();
      const { database: target } = loadConfig({ DATABASE_URL: test.url });
      database = await Database.open(target, 2, { ...defaultTimeLimits, read: 1_000 });
    });
    afterAll(async () => {
      await database.close();
      await test.drop();
    });

    const forClients = () => new ClientReads(database).forOperation(localCaller);
    const connectionId = async () => {
      const [row] = await forClients().read<{ id: number }>("SELECT CONNECTION_ID() AS id");
      return row?.id;
    };

    it("ends there, is refused as too complex, and leaves its connection to the next", async () => {
      const before = await Promise.all([connectionId(), connectionId()]);
      for (let round = 0; round < 2; round += 1) {
        const asked = await Promise.allSettled([forClients().read(endless), forClients().read(endless)]);
        for (const outcome of asked) {
          expect(outcome).toMatchObject({ status: "rejected" });
          const { reason } = outcome as PromiseRejectedResult;
          expect(reason).toBeInstanceOf(QueryTooComplexError);
          expect(reason).toMatchObject({ status: 400, code: "QUERY_TOO_COMPLEX" });
          expect(String(reason)).toContain("longer than 1 s");
        }
      }
      expect(new Set(await Promise.all([connectionId(), connectionId()]))).toEqual(new Set(before));
      const running = await processesIn(test.url);
      expect(running.length).toBeGreaterThan(0);
      expect(running.filter(({ statement }) => statement === endless)).toEqual([]);
    });

    it("is an outage for the service itself, which cannot ask for less", async () => {
      await expect(database.read(endless)).rejects.toThrow(UnavailableError);
    });

    it("has a limit where is read, and none where events are written", async () => {
      const limit = database.dialect.name === "mariadb" ? "max_statement_time" : "max_execution_time";
      const settings = `SELECT @@SESSION.${limit} AS longest, @@SESSION.tmp_table_size AS grouped, @@SESSION.max_heap_table_size AS heap`;
      const megabytes = 64 * 1024 * 1024;
      for (const reader of [database, forClients()]) {
        const [reading] = await reader.read<{ longest: number; grouped: number; heap: number }>(settings);
        expect(Number(reading?.longest)).toBe(database.dialect.name === "mariadb" ? 1 : 1_000);
        expect(reading).toMatchObject({ grouped: megabytes, heap: megabytes });
      }
      const [writing] = await database.writer.query<{ longest: number }[]>(settings);
      expect(Number(writing?.longest)).toBe(0);
    });

    it("is not ended by a server that knows no such setting, which serves all the same", async () => {
      const { database: target } = loadConfig({ DATABASE_URL: test.url });
      const taken = database.dialect.name === "mariadb" ? mysql : mariadb;
      if (target.kind === "file") throw new Error("A server is needed.");
      const other = serverDataSource(target, { dialect: taken, cluster: undefined }, 2, {
        readMilliseconds: 1_000,
      });
      await other.initialize();
      const [row] = await other.query<Record<string, unknown>[]>(
        "SELECT @@SESSION.time_zone AS zone, @@SESSION.tmp_table_size AS grouped",
      );
      expect(row).toEqual({ zone: "+00:00", grouped: 64 * 1024 * 1024 });
      await other.destroy();
    });
  });
}
