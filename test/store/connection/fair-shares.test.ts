import { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../../src/config.js";
import { QueryTooComplexError, RateLimitedError, UnavailableError } from "../../../src/errors.js";
import { ClientReader } from "../../../src/store/connection/client-reader.js";
import { ClientReads } from "../../../src/store/connection/client-reads.js";
import { Database, defaultTimeLimits } from "../../../src/store/database.js";
import { FairQueue, NotItsTurnError, type Place } from "../../../src/store/connection/fair-queue.js";
import { MysqlConnection } from "../../../src/store/connection/mysql-connection.js";
import { everything } from "../../../src/store/readers/scope.js";
import { eventOf, makeKey, organizationB, socketClient } from "../../support/callers.js";
import {
  createTestDatabase,
  startService,
  type TestDatabase,
  type TestService,
} from "../../support/service.js";

describe("a queue of tasks", () => {
  const place = (line: string, most = 1) => ({ line, bounds: [{ key: "all", most }] });
  /** A task that runs until it is told to end. */
  function task(name: string, begun: string[]) {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const run = () => {
      begun.push(name);
      return ended;
    };
    return { run, end };
  }

  it("lets callers take turns, however much one of them asks", async () => {
    const queue = new FairQueue(100);
    const begun: string[] = [];
    const names = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"];
    const tasks = names.map((name) => task(name, begun));
    const done = tasks.map(({ run }, index) => queue.run(place((names[index] ?? "").charAt(0)), run, 60_000));
    for (const { end } of tasks) end();
    await Promise.all(done);
    expect(begun).toEqual(["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
  });

  it("refuses what is too much to wait, and what waited too long, and never runs it", async () => {
    const queue = new FairQueue(1);
    const begun: string[] = [];
    const first = task("first", begun);
    const running = queue.run(place("a"), first.run, 60_000);
    const late = queue.run(place("a"), task("second", begun).run, 10);
    const full = queue.run(place("a"), task("third", begun).run, 60_000);
    const shared = queue.run({ ...place("a"), isShared: true }, task("fourth", begun).run, 60_000);
    await Promise.all([
      expect(full).rejects.toMatchObject({ status: 429, code: "RATE_LIMITED" }),
      expect(shared).rejects.toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE" }),
      expect(late).rejects.toThrow(NotItsTurnError),
    ]);
    first.end();
    await running;
    expect(begun).toEqual(["first"]);
    await expect(queue.run(place("a"), () => Promise.resolve(1), 10)).resolves.toBe(1);
  });
});

describe("a caller whose statements are quick", () => {
  const bounds = (most: number, ofAll: number) => [
    { key: "a", most },
    { key: "all", most: ofAll },
  ];
  const place = { line: "a", bounds: bounds(1, 4), whenQuick: bounds(3, 3) };
  const other = { line: "b", bounds: [{ key: "all", most: 4 }] };

  /** Begins tasks that run until they are told to end. */
  function begin(queue: FairQueue, at: Place, count: number) {
    let running = 0;
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const run = () => {
      running += 1;
      return ended;
    };
    const done = Promise.all(Array.from({ length: count }, () => queue.run(at, run, 60_000)));
    return { running: () => running, done, end };
  }

  async function runQuickOnes(queue: FairQueue) {
    for (let count = 0; count < 100; count += 1) await queue.run(place, () => Promise.resolve(), 60_000);
  }

  it("has more of them at once, but what stays free for others", async () => {
    const queue = new FairQueue(100);
    await runQuickOnes(queue);
    const [own, others] = [begin(queue, place, 5), begin(queue, other, 2)];
    expect([own.running(), others.running()]).toEqual([3, 1]);
    own.end();
    others.end();
    await Promise.all([own.done, others.done]);
  });

  it("leaves its share to whoever waits and is not known to be quick", async () => {
    const queue = new FairQueue(100);
    await runQuickOnes(queue);
    const beside = (line: string) => ({
      line,
      bounds: [{ key: line, most: 1 }, ...bounds(2, 4).slice(0, 1)],
    });
    const own = [1, 2, 3, 4, 5].map(() => begin(queue, place, 1));
    const newcomer = begin(queue, beside("b"), 1);
    const running = () => [...own, newcomer].map((task) => task.running());
    expect(running()).toEqual([1, 1, 1, 0, 0, 0]);
    for (const [index, after] of [
      [1, 1, 1, 0, 0, 0],
      [1, 1, 1, 0, 0, 1],
    ].entries()) {
      own[index]?.end();
      await own[index]?.done;
      expect(running()).toEqual(after);
    }
    newcomer.end();
    for (const { end } of own) end();
    await Promise.all([newcomer.done, ...own.map(({ done }) => done)]);
  });

  it("has no more than others where nothing is known of them, or one of them takes long", async () => {
    const queue = new FairQueue(100);
    const unknown = begin(queue, place, 3);
    expect(unknown.running()).toBe(1);
    unknown.end();
    await unknown.done;
    await runQuickOnes(queue);
    const slow = begin(queue, place, 1);
    await delay(60);
    const beside = begin(queue, place, 2);
    expect([slow.running(), beside.running()]).toEqual([1, 0]);
    slow.end();
    beside.end();
    await Promise.all([slow.done, beside.done]);
    const after = begin(queue, place, 3);
    expect(after.running()).toBe(1);
    after.end();
    await after.done;
  });
});

describe("what subscribers are told", () => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 4);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });
  const one = "SELECT 1 AS one";

  it("is told later where too much of their organization's waits", async () => {
    const reads = new ClientReads(database);
    const outcomeOf = async (reader: ClientReader) => {
      const outcomes = await Promise.allSettled(Array.from({ length: 1_100 }, () => reader.read(one)));
      return outcomes
        .filter((outcome) => outcome.status === "rejected")
        .map(({ reason }) => reason as unknown);
    };
    const [refused] = await outcomeOf(reads.forOperation({ id: "a", scope: everything }));
    expect(refused).toBeInstanceOf(RateLimitedError);
    const [later] = await outcomeOf(reads.forSubscribers(everything));
    expect(later).toBeInstanceOf(UnavailableError);
  });

  it("is told later where other reads keep the database from one of their statements", async () => {
    let isOthers = false;
    const inTurn = async <Result>(run: () => Promise<Result>) => {
      if (isOthers) throw new NotItsTurnError();
      return await run();
    };
    const query = new ClientReader(database, inTurn);
    const event = new ClientReader(database, inTurn, { isTimedAsWhole: false });
    for (const reader of [query, event]) await reader.read(one);
    isOthers = true;
    await expect(query.read(one)).rejects.toBeInstanceOf(QueryTooComplexError);
    await expect(event.read(one)).rejects.toBeInstanceOf(NotItsTurnError);
  });
});

/**
 * The queries of one reader take the database's time; SQLite has one connection, and answers before its call
 * returns.
 */
if (process.env.TEST_DATABASE_URL) {
  const aliases = Array.from(
    { length: 40 },
    (_, index) =>
      `a${index}: sessions(filter: { analysisHistory: { some: { id: { null: false } } } }) { totalCount }`,
  );
  const starving = `{ ${aliases.join(" ")} }`;
  const light = "{ sessions { totalCount } }";

  describe("a reader whose queries take the database long", () => {
    let database: TestDatabase;
    let service: TestService;
    let holder: mysql.Connection;
    let headers: Record<"greedy" | "colleague" | "other", { Authorization: string }>;
    let otherKey: string;
    beforeAll(async () => {
      database = await createTestDatabase();
      const [greedy, colleague, other] = await Promise.all([
        makeKey(database),
        makeKey(database),
        makeKey(database, { organization: organizationB }),
      ]);
      headers = { greedy: greedy.header, colleague: colleague.header, other: other.header };
      otherKey = other.text;
      holder = await mysql.createConnection(database.url);
    });
    afterAll(async () => {
      await holder.end();
      await database.drop();
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await holder.query("UNLOCK TABLES");
      await service.stop();
    });

    async function start(environment: Record<string, string>) {
      service = await startService({ DATABASE_POOL_SIZE: "8", ...environment }, database);
    }

    /** Whoever asks of analyses waits, without work for the server, until the tables are unlocked. */
    async function holdAnalyses() {
      await holder.query("LOCK TABLES analyses WRITE");
    }

    /** Counts the statements that ask of analyses. */
    function countStatements() {
      const spy = vi.spyOn(MysqlConnection.prototype, "query");
      return () => spy.mock.calls.filter(([sql]) => sql.includes("FROM analyses")).length;
    }

    it("takes neither the way in nor readiness, nor the answers of others", async () => {
      await start({ DATABASE_TIMEOUT_SECONDS: "3", DATABASE_READ_SECONDS: "60" });
      const client = socketClient(service, { token: otherKey });
      const events = client.iterate<{ sessionEvents: { session: { id: string } } }>({
        query: "subscription { sessionEvents { session { id } } }",
      });
      // Operations of one socket are taken in order.
      await client.iterate({ query: "{ sessions(first: 1) { eventCursor } }" }).next();
      const statements = countStatements();
      await holdAnalyses();
      const greedy = Array.from({ length: 5 }, () => service.query(starving, {}, headers.greedy));
      await vi.waitFor(() => {
        expect(statements()).toBeGreaterThan(0);
      });

      const deliveries = Array.from({ length: 20 }, (_, index) =>
        eventOf(organizationB, (0xf0000000 + index).toString(16), "started").then((event) =>
          service.post(event),
        ),
      );
      const statuses = (await Promise.all(deliveries)).map(({ status }) => status);
      expect(statuses).toEqual(statuses.map(() => 200));
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
      expect((await service.query(light, {}, headers.other)).data).toEqual({ sessions: { totalCount: 20 } });
      expect((await service.query(light, {}, headers.colleague)).data).toEqual({
        sessions: { totalCount: 0 },
      });
      const heard = await events.next();
      expect(heard.done === true ? undefined : heard.value.data?.sessionEvents.session.id).toMatch(/^f00000/);
      expect(statements()).toBeLessThanOrEqual(2);

      await holder.query("UNLOCK TABLES");
      for (const { data } of await Promise.all(greedy)) expect(Object.keys(data)).toHaveLength(40);
      await client.dispose();
    });

    it("has nothing more read once one of its statements took too long", async () => {
      await start({ DATABASE_READ_SECONDS: "1" });
      const statements = countStatements();
      await holdAnalyses();
      const { errors } = await service.query(starving, {}, headers.greedy);
      expect(errors?.[0]?.extensions.code).toBe("QUERY_TOO_COMPLEX");
      await holder.query("UNLOCK TABLES");
      // What is still in its line comes before this.
      await service.query(light, {}, headers.greedy);
      expect(statements()).toBeLessThanOrEqual(2);
    });

    it("has nothing more read once it has left", async () => {
      await start({ DATABASE_READ_SECONDS: "60" });
      const closed = vi.spyOn(ServerResponse.prototype, "emit");
      const statements = countStatements();
      await holdAnalyses();
      const leaving = new AbortController();
      const asked = fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers.greedy },
        body: JSON.stringify({ query: starving }),
        signal: leaving.signal,
      });
      await vi.waitFor(() => {
        expect(statements()).toBeGreaterThan(0);
      });
      closed.mockClear();
      leaving.abort();
      await expect(asked).rejects.toThrow();
      await vi.waitFor(() => {
        expect(closed.mock.calls.map(([event]) => event)).toContain("close");
      });
      await holder.query("UNLOCK TABLES");
      await service.query(light, {}, headers.greedy);
      expect(statements()).toBeLessThanOrEqual(2);
    });
  });

  describe("the time of an operation", () => {
    let test: TestDatabase;
    let database: Database;
    beforeEach(async () => {
      test = await createTestDatabase();
      const { database: target } = loadConfig({ DATABASE_URL: test.url });
      database = await Database.open(target, 4, { ...defaultTimeLimits, read: 1_000 });
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await database.close();
      await test.drop();
    });

    it("is one for all of its statements", async () => {
      const spy = vi.spyOn(MysqlConnection.prototype, "query");
      const reader = new ClientReads(database).forOperation({ id: "a", scope: everything });
      const reads = Array.from({ length: 20 }, () => reader.read("SELECT SLEEP(0.3) AS slept"));
      const outcomes = await Promise.allSettled(reads);
      const failed = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(failed.length).toBeGreaterThanOrEqual(16);
      for (const { reason } of failed) expect(reason).toBeInstanceOf(QueryTooComplexError);
      expect(spy.mock.calls.length).toBeLessThanOrEqual(4);
    });

    it("is told to the server, where less than a whole is left of it", async () => {
      const reader = new ClientReads(database).forOperation({ id: "a", scope: everything });
      await reader.read("SELECT SLEEP(0.7) AS slept");
      const spy = vi.spyOn(MysqlConnection.prototype, "query");
      await reader.read("SELECT 1 AS one");
      expect(spy.mock.calls[0]?.[0]).toMatch(
        /max_statement_time = 0\.[0-3]\d* FOR|MAX_EXECUTION_TIME\([1-3]?\d\d?\)/,
      );
    });
  });
}
