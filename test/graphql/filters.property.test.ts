import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { everything } from "../../src/store/readers/scope.js";
import { SessionReader } from "../../src/store/readers/session.reader.js";
import { type QueryResult, startService, type TestService } from "../service.js";
import { filterArbitrary } from "./filter-arbitrary.js";
import { matchesSession, type ServedSession } from "./reference-filter.js";
import { readAllSessions, storeVariedSessions } from "./varied-sessions.js";

/** Filters tried together, so often: FILTER_RUNS (by hand: thousands). */
const filtersPerRun = 10;
const runs = Number(process.env.FILTER_RUNS ?? 20);
const pageSize = 30;

describe("one filter means one thing everywhere", () => {
  let service: TestService;
  let database: Database;
  let sessions: ServedSession[];
  beforeAll(async () => {
    service = await startService({ GRAPHQL_MAX_ALIASES: "1000", GRAPHQL_MAX_COST: "1000000" });
    await storeVariedSessions(service, 45);
    sessions = await readAllSessions(service);
    database = await Database.open(service.config.database, 2);
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  /** Ids of a filter's sessions by pages, and their number by totalCount. */
  async function byPages(filter: object) {
    const ids: string[] = [];
    for (let after: string | null = null; ;) {
      const result: QueryResult<Answer> = await service.query<Answer>(page, { filter, after });
      expect(result.errors).toBeUndefined();
      const { nodes, totalCount, pageInfo }: Answer["sessions"] = result.data.sessions;
      ids.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) return { ids, totalCount };
      after = pageInfo.endCursor;
    }
  }

  async function exportedIds(filter: object): Promise<string[]> {
    const parameters = new URLSearchParams({ filter: JSON.stringify(filter) });
    const response = await fetch(`${service.url}/export/sessions.ndjson?${parameters.toString()}`);
    const lines = (await response.text()).split("\n").filter((line) => line !== "");
    return lines.map((line) => (JSON.parse(line) as { id: string }).id);
  }

  it("finds what the reference finds: by pages, counts, statistics, exports and subscriptions", async () => {
    const reader = new SessionReader(database);
    const allIds = sessions.map(({ id }) => id);
    const arbitrary = fc.array(filterArbitrary(sessions), {
      minLength: filtersPerRun,
      maxLength: filtersPerRun,
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async (filters) => {
        const expected = filters.map((filter) =>
          sessions.filter((session) => matchesSession(session, filter)).map(({ id }) => id),
        );
        const pages = await Promise.all(filters.map(byPages));
        expect(pages.map(({ ids }) => ids)).toEqual(expected);
        expect(pages.map(({ totalCount }) => totalCount)).toEqual(expected.map(({ length }) => length));
        const counted = await Promise.all(
          filters.map((filter) =>
            service.query<Stats>(stats, { filter }).then(({ data }) => data.sessionStats),
          ),
        );
        expect(counted.map((groups) => groups[0]?.count ?? 0)).toEqual(expected.map(({ length }) => length));
        const exports = await Promise.all(filters.map(exportedIds));
        expect(exports).toEqual(expected.map((ids) => [...ids].sort()));
        for (const [index, filter] of filters.entries()) {
          const told = await reader.matchingIds(everything, filter, allIds);
          expect([...told].sort()).toEqual([...(expected[index] ?? [])].sort());
        }
      }),
      { numRuns: runs, endOnFailure: true, interruptAfterTimeLimit: 40_000 },
    );
  }, 600_000);
});

const stats = "query ($filter: SessionFilter) { sessionStats(filter: $filter) { count } }";

interface Stats {
  readonly sessionStats: readonly { readonly count: number }[];
}

const page = `query ($filter: SessionFilter, $after: String) {
  sessions(first: ${pageSize}, after: $after, filter: $filter) {
    nodes { id } totalCount pageInfo { hasNextPage endCursor } } }`;

interface Answer {
  readonly sessions: {
    readonly nodes: readonly { readonly id: string }[];
    readonly totalCount: number;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}
