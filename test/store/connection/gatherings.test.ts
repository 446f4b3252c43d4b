import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { OperationOverError, QueryTooComplexError } from "../../../src/errors.js";
import { ClientReads } from "../../../src/store/connection/client-reads.js";
import { Database } from "../../../src/store/database.js";
import { everything } from "../../../src/store/readers/scope.js";
import type { ReadByKeys } from "../../../src/store/sql/transaction.js";
import { eventOf, makeKey, organizationA, organizationB } from "../../support/callers.js";
import {
  createTestDatabase,
  startService,
  type TestDatabase,
  type TestService,
} from "../../support/service.js";
import { loadConfig } from "../../../src/config.js";

describe("what is asked by keys in one turn", () => {
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
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const caller = { id: "a", scope: everything };
  const group = {};
  /** Says of each number its double, but of 13 nothing; counts the statements. */
  function doubling() {
    const asked: (readonly string[])[] = [];
    const read: ReadByKeys<number> = async (reader, keys) => {
      asked.push(keys);
      await reader.read("SELECT 1 AS one");
      return new Map(keys.filter((key) => key !== "13").map((key) => [key, 2 * Number(key)]));
    };
    return { asked, read };
  }

  it("is read in one statement, by those who ask for the same alone", async () => {
    const reads = new ClientReads(database);
    const { asked, read } = doubling();
    const load = (key: string, who = caller, what = group) => reads.forOperation(who).gather(what, key, read);
    const other = { ...caller };
    const values = await Promise.all([
      load("1"),
      load("13"),
      load("2"),
      load("1"),
      load("3", other),
      load("4", caller, {}),
    ]);
    expect(values).toEqual([2, undefined, 4, 2, 6, 8]);
    expect(asked.toSorted()).toEqual([["1", "13", "2"], ["3"], ["4"]]);
    // What was read before is asked for again.
    expect(await load("1")).toBe(2);
    expect(asked).toHaveLength(4);
  });

  it("is read for as many keys as a statement may have", async () => {
    const reads = new ClientReads(database);
    const { asked, read } = doubling();
    const keys = Array.from({ length: 120 }, (_, index) => String(100 + index));
    const values = await Promise.all(keys.map((key) => reads.forOperation(caller).gather(group, key, read)));
    expect(values).toEqual(keys.map((key) => 2 * Number(key)));
    expect(asked.map(({ length }) => length)).toEqual([50, 50, 20]);
  });

  it("is read while anybody waits for it, and by nobody who is answered", async () => {
    const reads = new ClientReads(database);
    const { asked, read } = doubling();
    const [leaving, staying] = [false, true].map((stays) =>
      reads.forOperation(caller, { isGone: () => !stays }),
    );
    await expect(leaving?.gather(group, "1", read)).rejects.toBeInstanceOf(OperationOverError);
    expect(await staying?.gather(group, "2", read)).toBe(4);
    let isGone = false;
    const last = reads.forOperation(caller, { isGone: () => isGone });
    const lost = last.gather(group, "3", read);
    isGone = true;
    const spy = vi.spyOn(database, "readForClients");
    await expect(lost).rejects.toBeInstanceOf(OperationOverError);
    expect(spy).not.toHaveBeenCalled();
    expect(asked).toEqual([["2"], ["3"]]);
  });

  it("fails for all who asked, and each reads nothing more where it took too long", async () => {
    const reads = new ClientReads(database);
    const readers = [reads.forOperation(caller), reads.forOperation(caller)];
    const error = new QueryTooComplexError("It takes too long.", "read_time");
    const outcomes = await Promise.allSettled(
      readers.map((reader, index) => reader.gather(group, String(index), () => Promise.reject(error))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    for (const reader of readers) await expect(reader.read("SELECT 1 AS one")).rejects.toBe(error);
  });
});

describe("many requests for one session each", () => {
  let test: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    test = await createTestDatabase();
    service = await startService({}, test);
  });
  afterAll(async () => {
    await service.stop();
    await test.drop();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const query = `query ($id: ID!, $first: Int) {
    session(id: $id) { id chatSummary agentVersion { name } messages(first: $first) { nodes { id body } totalCount } }
  }`;

  it("are answered as each by itself, in fewer statements, and with what the caller may see", async () => {
    const headers = await Promise.all(
      [{}, { role: "masked_reader" as const }, { organization: organizationB }].map(
        async (options) => (await makeKey(test, options)).header,
      ),
    );
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const organization = index % 2 === 0 ? organizationA : organizationB;
        const event = await eventOf(organization, (0xe0000000 + index).toString(16), "analyzed");
        expect((await service.post(event)).status).toBe(200);
        return String(event.data.id);
      }),
    );
    const asked = [...ids, "none"].flatMap((id) =>
      headers.flatMap((header) => [1, 50].map((first) => ({ header, variables: { id, first } }))),
    );
    const ask = ({ header, variables }: (typeof asked)[number]) => service.query(query, variables, header);
    const alone = [];
    const read = vi.spyOn(Database.prototype, "readForClients");
    for (const each of asked) alone.push(await ask(each));
    const statements = read.mock.calls.length;
    read.mockClear();
    expect(await Promise.all(asked.map(ask))).toEqual(alone);
    expect(read.mock.calls.length).toBeLessThan(statements);
    expect(new Set(alone.map(({ data }) => JSON.stringify(data))).size).toBe(10 * 2 * 3 + 1);
  });
});
