import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { UnavailableError } from "../../src/errors.js";
import { Database } from "../../src/store/database.js";
import { sample, startService, type TestService } from "../support/service.js";
import { cursorNow, heard, inDatabase, listen, newEvent, post, postAnalyzed } from "../support/listening.js";

describe("a subscriber that comes back", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it("hears what it missed, once and in order, and then what comes", async () => {
    const first = await listen(service.url);
    const before = await postAnalyzed(service, 3);
    await heard(first, before);
    await first.leave();
    const missed = await postAnalyzed(service, 120);
    const second = await listen(service.url, { after: first.lastCursor });
    const live = await postAnalyzed(service, 3);
    await heard(second, [...missed, ...live]);
    await second.leave();
  });

  it("misses nothing across a restart of the service", async () => {
    const first = await listen(service.url);
    await heard(first, await postAnalyzed(service, 2));
    await service.restart();
    const missed = await postAnalyzed(service, 2);
    const second = await listen(service.url, { after: first.lastCursor });
    await heard(second, missed);
    await service.restart();
    await vi.waitFor(() => {
      expect(second.failure).toBeDefined();
    });
    const third = await listen(service.url, { after: second.lastCursor });
    await heard(third, await postAnalyzed(service, 2));
    await Promise.all([first.leave(), second.leave(), third.leave()]);
  });

  it.each(["live", "catching up"])(
    "is told late and loses nothing while the database is away: %s",
    async (how) => {
      const outage = { isOn: false, refused: 0 };
      const read = Reflect.get(Database.prototype, "readForClients");
      const spy = vi.spyOn(Database.prototype, "readForClients").mockImplementation(async function <
        Row extends object,
      >(this: Database, ...asked: Parameters<Database["readForClients"]>): Promise<Row[]> {
        if (!outage.isOn || !asked[0].includes("FROM sessions s"))
          return await read.apply<Database, typeof asked, Promise<Row[]>>(this, asked);
        outage.refused += 1;
        throw new UnavailableError("The database cannot be reached.");
      });
      const after = await cursorNow(service);
      const listener = how === "live" ? await listen(service.url) : undefined;
      outage.isOn = true;
      const missed = await postAnalyzed(service, 2);
      const late = listener ?? (await listen(service.url, { after }));
      await vi.waitFor(() => {
        expect(outage.refused).toBeGreaterThan(1);
      });
      outage.isOn = false;
      await heard(late, missed);
      expect(late.failure).toBeUndefined();
      await late.leave();
      spy.mockRestore();
    },
  );

  it("goes on from a query's eventCursor without a hole", async () => {
    const after = await cursorNow(service);
    const missed = await postAnalyzed(service, 2);
    const listener = await listen(service.url, { after });
    await heard(listener, [...missed, ...(await postAnalyzed(service, 2))]);
    await listener.leave();
  });

  it("hears only what its filter and its types let through, in the replay and live", async () => {
    const after = await cursorNow(service);
    const wish = { filter: { userSentiment: { eq: "negative" } }, types: ["ENDED", "ANALYZED"] };
    const batch = () =>
      Promise.all([
        newEvent("analyzed", { user_sentiment: "negative" }),
        newEvent("analyzed", { user_sentiment: "positive" }),
        newEvent("started", { user_sentiment: "negative" }),
        newEvent("analyzed", { user_sentiment: "negative" }),
      ]);
    const [missed1, , , missed2] = await post(service, await batch());
    const listener = await listen(service.url, { ...wish, after });
    const [live1, , , live2] = await post(service, await batch());
    await heard(listener, [missed1, missed2, live1, live2].map(String));
    expect(new Set(listener.events.map(({ type }) => type))).toEqual(new Set(["ANALYZED"]));
    await listener.leave();
  });

  it("is told of everything, though it resumes again and again while events arrive", async () => {
    const after = await cursorNow(service);
    const posting = postAnalyzed(service, 60);
    const told: string[] = [];
    let cursor = after;
    while (told.length < 60) {
      const listener = await listen(service.url, { after: cursor });
      await vi.waitFor(() => {
        expect(listener.events.length > 0 || told.length === 60).toBe(true);
      });
      await listener.leave();
      told.push(...listener.sessionIds);
      cursor = listener.lastCursor ?? cursor;
    }
    expect(told).toEqual(await posting);
  });

  it("is not told of sessions that were erased since", async () => {
    const after = await cursorNow(service);
    const [kept, erased, last] = await postAnalyzed(service, 3);
    await inDatabase(service, `DELETE FROM sessions WHERE id = '${String(erased)}'`);
    const listener = await listen(service.url, { after });
    await heard(listener, [String(kept), String(last)]);
    expect(listener.failure).toBeUndefined();
    await listener.leave();
  });

  it("is told of nothing where an event is delivered again, or changes nothing", async () => {
    const [analyzed] = await Promise.all([newEvent("analyzed")]);
    const listener = await listen(service.url);
    const ids = await post(service, [analyzed]);
    await post(service, [analyzed, analyzed, { ...analyzed, request_id: "another" }]);
    const [next] = await postAnalyzed(service, 1);
    await heard(listener, [...ids, String(next)]);
    await listener.leave();
  });

  it("is told with a code when its cursor is none of this database", async () => {
    const other = await startService();
    const foreign = await cursorNow(other);
    await other.stop();
    for (const after of [foreign, "nonsense", ""]) {
      const listener = await listen(service.url, { after });
      await vi.waitFor(() => {
        expect(listener.failure).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
      });
      await listener.leave();
    }
  });
});

describe("retention of the feed", () => {
  it("removes what is too old, refuses cursors from before, and goes on numbering without a gap", async () => {
    const service = await startService({ FEED_RETENTION_DAYS: "1" });
    const origin = await cursorNow(service);
    const old = await postAnalyzed(service, 3);
    const listener = await listen(service.url, { after: origin });
    await heard(listener, old);
    await inDatabase(service, "UPDATE session_feed SET received_at = '2020-01-01 00:00:00.000000'");
    await service.restart();
    // Old entries are removed in the background, right after the start.
    await vi.waitFor(
      async () => {
        const expired = await listen(service.url, { after: origin });
        await expired.leave();
        expect(expired.failure).toMatchObject([{ extensions: { code: "CURSOR_EXPIRED" } }]);
      },
      { timeout: 10_000 },
    );
    const resumed = await listen(service.url, { after: listener.lastCursor });
    await heard(resumed, await postAnalyzed(service, 2));
    await Promise.all([listener.leave(), resumed.leave()]);
    await service.stop();
  });
});

describe("the documented events", () => {
  it("are told as started, ended and analyzed, in the order they came", async () => {
    const service = await startService();
    const listener = await listen(service.url);
    for (const name of ["started", "ended", "analyzed"] as const) await post(service, [await sample(name)]);
    await vi.waitFor(() => {
      expect(listener.events.map(({ type }) => type)).toEqual(["STARTED", "ENDED", "ANALYZED"]);
    });
    await listener.leave();
    await service.stop();
  });
});
