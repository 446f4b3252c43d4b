import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { UnavailableError } from "../../src/errors.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import { type Assignment, FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { heard, listen, newEvent, post, postAnalyzed } from "../support/listening.js";
import { startService, type TestService } from "../support/service.js";

let service: TestService;
let database: Database;
beforeEach(async () => {
  service = await startService();
  database = await Database.open(service.config.database, 2);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
  await service.stop();
});

/** Where each of these sessions' events stands in the feed, in the order of receipt. */
async function positions(): Promise<(number | null)[]> {
  const rows = await database.read<{ position: number | string | null }>(
    "SELECT position FROM session_feed ORDER BY event_id",
  );
  return rows.map(({ position }) => (position === null ? null : Number(position)));
}

describe("a change's position", () => {
  it("is committed with it where it comes alone, and waits for no assigner", async () => {
    const assigner = vi.spyOn(FeedWriter.prototype, "assignPositions");
    assigner.mockRejectedValue(new UnavailableError("No assigner runs."));
    const listener = await listen(service.url);
    const sessions = await postAnalyzed(service, 3);
    expect(await positions()).toEqual([1, 2, 3]);
    await heard(listener, sessions);
    await listener.leave();
  });

  it("is given once and without a gap where many come at once, among others that come alone", async () => {
    const within = vi.spyOn(FeedWriter.prototype, "assignWithin");
    const later = vi.spyOn(FeedWriter.prototype, "assignPositions");
    const listener = await listen(service.url);
    const events = await Promise.all(Array.from({ length: 60 }, () => newEvent("analyzed")));
    await postAnalyzed(service, 2);
    await Promise.all(events.map(async (event) => await post(service, [event])));
    await postAnalyzed(service, 2);
    await vi.waitFor(async () => {
      expect(await positions()).not.toContain(null);
    });
    const given = await database.read<{ position: number | string; sessionId: string }>(
      "SELECT position, session_id AS sessionId FROM session_feed ORDER BY position",
    );
    expect(given.map(({ position }) => Number(position))).toEqual(
      Array.from({ length: 64 }, (_, index) => index + 1),
    );
    await heard(
      listener,
      given.map(({ sessionId }) => sessionId),
    );
    await listener.leave();
    const numberedBy = async (results: readonly { readonly value: unknown }[]) => {
      const all = (await Promise.all(results.map(({ value }) => value))) as (Assignment | undefined)[];
      return all.reduce((count, each) => count + (each?.assigned.length ?? 0), 0);
    };
    const [atOnce, afterwards] = [
      await numberedBy(within.mock.results),
      await numberedBy(later.mock.results),
    ];
    expect(atOnce + afterwards).toBe(64);
    expect(atOnce).toBeGreaterThan(0);
    // A file stores each of them before the next is read.
    expect(afterwards).toBeGreaterThanOrEqual(process.env.TEST_DATABASE_URL === undefined ? 0 : 1);
  });

  it("is left to the assigner on a cluster, whose nodes do not know each other's locks", async () => {
    const within = vi.spyOn(FeedWriter.prototype, "assignWithin");
    const cluster = Object.create(database, { cluster: { value: "TiDB" } }) as Database;
    for (const [server, times] of [
      [cluster, 0],
      [database, 1],
    ] as const) {
      const writers = [new SessionWriter(), new FeedWriter(database), new ErasureList(database)] as const;
      const log = new EventLog(server, ...writers);
      const body = Buffer.from(JSON.stringify(await newEvent()));
      await log.record({ body, envelope: parseEnvelope(body), signature: null });
      expect(within).toHaveBeenCalledTimes(times);
    }
  });

  // A file has one writer at a time.
  it.runIf(process.env.TEST_DATABASE_URL)(
    "is given later where another instance holds the feed's head, which delays no delivery",
    async () => {
      const listener = await listen(service.url);
      const sessions = await database.transaction(async (transaction) => {
        await transaction.query("SELECT id FROM feed_head WHERE id = 1 FOR UPDATE");
        const posted = await postAnalyzed(service, 3);
        expect(await positions()).toEqual([null, null, null]);
        return posted;
      });
      await heard(listener, sessions);
      expect(await positions()).toEqual([1, 2, 3]);
      await listener.leave();
    },
  );
});
