import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import type { SqlReader } from "../../src/store/sql/transaction.js";
import { everything } from "../../src/store/readers/scope.js";
import { sessionOrder } from "../../src/store/readers/session-order.js";
import { SessionPages } from "../../src/store/readers/session-pages.js";
import { startService, type TestService } from "../support/service.js";
import { storeVariedSessions } from "../support/varied-sessions.js";
import { Observed } from "../support/observed.js";

const limit = 5;
/** Of about sixty sessions ten are looked at nearby, the first of them first. */
const nearbyPerRow = 2;

describe("pages of sessions", () => {
  let service: TestService;
  let database: Database;
  beforeAll(async () => {
    service = await startService();
    await storeVariedSessions(service, 50, 11);
    database = await Database.open(service.config.database, 2);
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  async function pageOf(reader: SqlReader, filter: object, perRow = nearbyPerRow): Promise<string[]> {
    const window = { limit, fromEnd: false, after: undefined, before: undefined };
    const query = { filter, order: sessionOrder([]), window };
    const columns = "s.id, s.started_at AS startedAt";
    const rows = await new SessionPages(reader, perRow).find(everything, query, columns);
    return rows.map(({ id }) => id);
  }

  it("take few statements where a filter asks of other tables, however rare what it asks for is", async () => {
    const totals: number[] = [];
    for (const filter of [
      { search: "a" },
      { search: "umbrella" },
      { search: "no such words" },
      { answers: [{ name: "Willing", boolean: { null: true } }] },
      { answers: [{ name: "Employment", string: { eq: "Phone call" } }] },
      { answers: [{ name: " spaced", string: { eq: "y" } }] },
      { messages: { some: { body: { contains: "Lantern" } } }, search: "lantern" },
      { messages: { some: { from: { eq: "+15550000000" } } } },
    ]) {
      const observed = new Observed(database);
      const ids = await pageOf(observed, filter);
      // Of words that are not found nearby a sample tells first whether the index is the quicker way.
      const isSampled = "search" in filter && database.dialect.hasFullTextIndexes;
      expect(observed.statements, JSON.stringify(filter)).toBeGreaterThanOrEqual(2);
      expect(observed.statements, JSON.stringify(filter)).toBeLessThanOrEqual(isSampled ? 3 : 2);
      // Where all sessions count as nearby, and where none does.
      expect(await pageOf(database, filter, 1_000)).toEqual(ids);
      expect(await pageOf(database, filter, 0)).toEqual(ids);
      totals.push(ids.length);
    }
    // None, some that do not fill the page, and a full one.
    expect(totals).toContain(0);
    expect(totals.some((total) => total > 0 && total < limit)).toBe(true);
    expect(totals).toContain(limit + 1);
  });

  it("are full where a session that was found is gone before it is read", async () => {
    const filter = { search: "a" };
    const [first, ...others] = await pageOf(database, filter);
    const observed = new Observed(database, async (statement) => {
      if (statement === 2)
        await database.transaction((transaction) =>
          transaction.execute("DELETE FROM session_terms WHERE session_id = ?", [first ?? ""]),
        );
    });
    const left = await pageOf(observed, filter);
    expect(left).toHaveLength(limit + 1);
    expect(left.slice(0, limit)).toEqual(others);
  });
});
