import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { everything } from "../../src/store/readers/scope.js";
import { sessionOrder } from "../../src/store/readers/session-order.js";
import { SessionReader } from "../../src/store/readers/session.reader.js";
import type { Position } from "../../src/store/readers/page.js";
import { type QueryResult, startService, type TestService } from "../support/service.js";
import { filterArbitrary } from "../support/filter-arbitrary.js";
import { matchesSession, type ServedSession } from "../support/reference-filter.js";
import { readAllSessions, storeVariedSessions } from "../support/varied-sessions.js";

/** How many filters are tried: FILTER_RUNS (by hand: ten thousand). */
const wanted = Number(process.env.FILTER_RUNS ?? 2_000);
/** Filters tried together: their first pages and statistics are one operation. */
const batchSize = 20;
const batches = Math.ceil(wanted / batchSize);
/** Less than there are sessions, so that what many sessions match is paged through. */
const pageSize = 30;
/** Makes the sessions and the filters; FILTER_SEED repeats a run. */
const seed = Number(process.env.FILTER_SEED ?? Date.now() % 1_000_000);

type Filter = Readonly<Record<string, unknown>>;
type Order = ReturnType<typeof sessionOrder>;

const newestFirst = sessionOrder([]);
const oldestFirst = sessionOrder([{ field: "startedAt", descending: false }]);

/** What one filter means in every place that takes it. */
interface Meaning {
  /** In the list's order. */
  readonly pages: readonly string[];
  readonly totalCount: number;
  readonly statistics: number;
  /** In the order of ids. */
  readonly exported: readonly string[];
  readonly subscribed: readonly string[];
  /**
   * In the list's order, where the database is asked to find all that match, and no page is looked for nearby
   * first.
   */
  readonly found: readonly string[];
  /** In the list's order, where few sessions are nearby: some pages are found there, others are not. */
  readonly walked: readonly string[];
  /** The same from the end of the list. */
  readonly walkedBack: readonly string[];
  /** The same in the opposite order, the oldest first. */
  readonly walkedReversed: readonly string[];
}

describe("one filter means one thing everywhere", () => {
  let service: TestService;
  let database: Database;
  let reader: SessionReader;
  let finder: SessionReader;
  let walker: SessionReader;
  let sessions: ServedSession[];
  beforeAll(async () => {
    service = await startService({ GRAPHQL_MAX_ALIASES: "1000", GRAPHQL_MAX_COST: "1000000" });
    await storeVariedSessions(service, 45, seed);
    sessions = await readAllSessions(service);
    database = await Database.open(service.config.database, 4);
    reader = new SessionReader(database);
    finder = new SessionReader(database, 0);
    walker = new SessionReader(database, 2);
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  function reference(filter: Filter): Meaning {
    const pages = sessions.filter((session) => matchesSession(session, filter)).map(({ id }) => id);
    const sorted = [...pages].sort();
    return {
      pages,
      totalCount: pages.length,
      statistics: pages.length,
      exported: sorted,
      subscribed: sorted,
      found: pages,
      walked: pages,
      walkedBack: pages,
      walkedReversed: pages.toReversed(),
    };
  }

  async function served(filters: readonly Filter[]): Promise<Meaning[]> {
    const variables = Object.fromEntries(filters.map((filter, index) => [`f${index}`, filter]));
    const { data, errors } = await service.query<Beginnings>(beginnings, variables);
    expect(errors).toBeUndefined();
    return await Promise.all(
      filters.map(async (filter, index) => {
        const first = data[`p${index}`] as Page;
        const groups = data[`s${index}`] as readonly { readonly count: number }[];
        return {
          pages: await wholeList(filter, first),
          totalCount: first.totalCount,
          statistics: groups[0]?.count ?? 0,
          exported: await exportedIds(filter),
          subscribed: await subscribedIds(filter),
          found: await idsOf(finder, filter, newestFirst, sessions.length),
          walked: await idsOf(walker, filter, newestFirst, 9),
          walkedBack: await idsFromEnd(walker, filter, newestFirst, 9),
          walkedReversed: await idsOf(walker, filter, oldestFirst, 9),
        };
      }),
    );
  }

  async function wholeList(filter: Filter, first: Page): Promise<string[]> {
    const ids = first.nodes.map(({ id }) => id);
    for (let { pageInfo } = first; pageInfo.hasNextPage;) {
      const variables = { filter, after: pageInfo.endCursor };
      const result: QueryResult<{ sessions: Page }> = await service.query(nextPage, variables);
      expect(result.errors).toBeUndefined();
      ids.push(...result.data.sessions.nodes.map(({ id }) => id));
      ({ pageInfo } = result.data.sessions);
    }
    return ids;
  }

  async function exportedIds(filter: Filter): Promise<string[]> {
    const parameters = new URLSearchParams({ filter: JSON.stringify(filter) });
    const response = await fetch(`${service.url}/export/sessions.ndjson?${parameters.toString()}`);
    const lines = (await response.text()).split("\n").filter((line) => line !== "");
    return lines.map((line) => (JSON.parse(line) as { id: string }).id);
  }

  /** As subscriptions decide which of the sessions that changed their filter lets through. */
  async function subscribedIds(filter: Filter): Promise<string[]> {
    const ids = sessions.map(({ id }) => id);
    return [...(await reader.matchingIds(everything, filter, ids))].sort();
  }

  /** The whole list, page by page. */
  async function idsOf(from: SessionReader, filter: Filter, order: Order, limit: number): Promise<string[]> {
    const ids: string[] = [];
    let after: Position | undefined;
    for (;;) {
      const window = { limit, fromEnd: false, after, before: undefined };
      const { rows, hasNextPage, positionOf } = await from.page(everything, { filter, order, window }, [
        "id",
      ]);
      ids.push(...rows.map(({ id }) => id));
      if (!hasNextPage) return ids;
      after = rows.slice(-1).map(positionOf)[0];
    }
  }

  /** The whole list, its last page first. */
  async function idsFromEnd(
    from: SessionReader,
    filter: Filter,
    order: Order,
    limit: number,
  ): Promise<string[]> {
    const ids: string[] = [];
    let before: Position | undefined;
    for (;;) {
      const window = { limit, fromEnd: true, after: undefined, before };
      const { rows, hasPreviousPage, positionOf } = await from.page(everything, { filter, order, window }, [
        "id",
      ]);
      ids.unshift(...rows.map(({ id }) => id));
      if (!hasPreviousPage) return ids;
      before = rows.slice(0, 1).map(positionOf)[0];
    }
  }

  it("finds what the reference finds: by pages, counts, statistics, exports and subscriptions", async () => {
    let [tried, telling] = [0, 0];
    const batch = fc.array(filterArbitrary(sessions), { minLength: batchSize, maxLength: batchSize });
    await fc.assert(
      fc.asyncProperty(batch, async (filters) => {
        const meanings = await served(filters);
        for (const [index, filter] of filters.entries()) {
          const expected = reference(filter);
          const message = `seed ${seed}, filter ${tried + index + 1}: ${JSON.stringify(filter)}`;
          expect(meanings[index], message).toEqual(expected);
          if (expected.totalCount > 0 && expected.totalCount < sessions.length) telling += 1;
        }
        tried += filters.length;
      }),
      { numRuns: batches, seed, endOnFailure: true },
    );
    expect(tried).toBeGreaterThanOrEqual(wanted);
    // A filter that all sessions match, or none, shows little.
    expect(telling / tried).toBeGreaterThan(0.3);
  }, 1_800_000);
});

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

type Beginnings = Readonly<Record<string, Page | readonly { readonly count: number }[]>>;

const indexes = Array.from({ length: batchSize }, (_, index) => index);

const beginnings = `query (${indexes.map((index) => `$f${index}: SessionFilter`).join(", ")}) {
  ${indexes
    .map(
      (index) => `
        p${index}: sessions(first: ${pageSize}, filter: $f${index}) { ...Page totalCount }
        s${index}: sessionStats(filter: $f${index}) { count }`,
    )
    .join("")}
  }
  fragment Page on SessionConnection { nodes { id } pageInfo { hasNextPage endCursor } }`;

const nextPage = `query ($filter: SessionFilter, $after: String) {
  sessions(first: ${pageSize}, after: $after, filter: $filter) { nodes { id } pageInfo { hasNextPage endCursor } }
}`;
