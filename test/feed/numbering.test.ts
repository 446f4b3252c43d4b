import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { UnavailableError } from "../../src/errors.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
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

  it("is given without a gap where many come at once, among others that come alone", async () => {
    const events = await Promise.all(Array.from({ length: 60 }, () => newEvent("analyzed")));
    await postAnalyzed(service, 2);
    await Promise.all(events.map(async (event) => await post(service, [event])));
    await postAnalyzed(service, 2);
    await vi.waitFor(async () => {
      const given = (await positions()).map(Number).sort((one, other) => one - other);
      expect(given).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
    });
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
