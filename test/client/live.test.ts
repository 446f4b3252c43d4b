import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  GraphqlError,
  sessionEventsSubscription,
  sessionsQuery,
  storedIn,
  typed,
} from "../../client/src/index.js";
import { clientOf, followEvents, ways } from "../support/client-kit.js";
import { cursorNow, inDatabase, postAnalyzed } from "../support/listening.js";
import { startService, type TestService } from "../support/service.js";

let service: TestService;
beforeEach(async () => {
  service = await startService({ FEED_RETENTION_DAYS: "1" });
});
afterEach(async () => {
  await service.stop();
});

const atMost = { timeout: 15_000, interval: 20 };

/** Makes what the feed has so far older than its retention, and waits until it is gone. */
async function expire(cursor: string): Promise<void> {
  await inDatabase(service, "UPDATE session_feed SET received_at = '2020-01-01 00:00:00.000000'");
  await service.restart();
  const client = clientOf(service.url, "event-stream");
  await vi.waitFor(async () => {
    const following = followEvents(client, { from: cursor });
    setTimeout(() => {
      following.leave();
    }, 100);
    expect(await following.over).toMatchObject({ code: "CURSOR_EXPIRED" });
  }, atMost);
  client.close();
}

describe.each(ways)("a client's subscription (%s)", (way) => {
  it("goes on over restarts of the service, without gap or repetition", async () => {
    const client = clientOf(service.url, way);
    const states: string[] = [];
    const following = followEvents(client, { onState: (state) => states.push(state) });
    await vi.waitFor(() => {
      expect(states).toContain("live");
    }, atMost);
    const posted = await postAnalyzed(service, 3);
    for (let round = 0; round < 2; round += 1) {
      const from = performance.now();
      await service.restart();
      // Who comes back at once does not hold up the instance that stops.
      expect(performance.now() - from).toBeLessThan(7_000);
      posted.push(...(await postAnalyzed(service, 3)));
    }
    await vi.waitFor(() => {
      expect(following.sessionIds).toEqual(posted);
    }, atMost);
    expect(states).toContain("waiting");
    client.close();
    expect(await following.over).toBeUndefined();
  });

  it("misses nothing where the service is away before the first event", async () => {
    const client = clientOf(service.url, way);
    const write = vi.fn();
    const following = followEvents(client, { store: { read: () => null, write } });
    // Where it begins is kept before anything is told.
    await vi.waitFor(() => {
      expect(write).toHaveBeenCalledWith(expect.any(String));
    }, atMost);
    await service.restart();
    const posted = await postAnalyzed(service, 2);
    await vi.waitFor(() => {
      expect(following.sessionIds).toEqual(posted);
    }, atMost);
    client.close();
  });

  it("goes on in another client from what its store holds", async () => {
    const values = new Map<string, string>();
    const storage = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
    };
    const from = await cursorNow(service);
    const posted = await postAnalyzed(service, 3);
    const first = clientOf(service.url, way);
    const handled: string[] = [];
    const events = first.live(sessionEventsSubscription, {}, { from, store: storedIn(storage, "events") });
    for await (const { sessionEvents } of events) {
      // The third is taken, and not handled.
      if (handled.length === 2) break;
      handled.push(sessionEvents.session.id);
    }
    first.close();
    posted.push(...(await postAnalyzed(service, 2)));
    const second = clientOf(service.url, way);
    const following = followEvents(second, { store: storedIn(storage, "events") });
    await vi.waitFor(() => {
      expect([...handled, ...following.sessionIds]).toEqual(posted);
    }, atMost);
    second.close();
  });

  it("tells an expired cursor apart, and goes on from where its hook says", async () => {
    const from = await cursorNow(service);
    await postAnalyzed(service, 2);
    await expire(from);
    const client = clientOf(service.url, way);
    const without = followEvents(client, { from });
    expect(await without.over).toMatchObject({ name: "GraphqlError", code: "CURSOR_EXPIRED" });
    const asked = vi.fn(async () => {
      const { sessions } = await client.query(sessionsQuery, { first: 10 });
      return sessions?.eventCursor;
    });
    const following = followEvents(client, { from, onExpired: asked });
    await vi.waitFor(() => {
      expect(asked).toHaveBeenCalledTimes(1);
    }, atMost);
    const posted = await postAnalyzed(service, 2);
    await vi.waitFor(() => {
      expect(following.sessionIds).toEqual(posted);
    }, atMost);
    client.close();
  });

  it("queries a page, then follows it; and queries another where the feed does not go on", async () => {
    const [first] = await postAnalyzed(service, 1);
    const client = clientOf(service.url, way);
    const told: string[] = [];
    const pages: string[] = [];
    const over = (async () => {
      for await (const part of client.queryThenLive([sessionsQuery, {}], [sessionEventsSubscription, {}])) {
        if (part.kind === "event") told.push(part.event.sessionEvents.session.id);
        else pages.push((part.page.sessions?.nodes ?? []).map(({ id }) => id).join());
      }
    })();
    await vi.waitFor(() => {
      expect(pages).toEqual([first]);
    }, atMost);
    const posted = await postAnalyzed(service, 2);
    await vi.waitFor(() => {
      expect(told).toEqual(posted);
    }, atMost);
    client.close();
    await over;
  });

  it("ends with the error where trying again is of no use", async () => {
    const client = clientOf(service.url, way);
    const wrong = typed<{ sessionEvents: { cursor: string } }>(
      "subscription ($after: Cursor) { sessionEvents(after: $after) { cursor nonsense } }",
    );
    const next = client.live(wrong).next();
    await expect(next).rejects.toThrow(GraphqlError);
    await expect(next).rejects.toMatchObject({ code: "GRAPHQL_VALIDATION_FAILED" });
    const blind = typed<{ sessionEvents: { type: string } }>(
      "subscription ($after: Cursor) { sessionEvents(after: $after) { type } }",
    );
    const unresumable = client.live(blind, {}, { from: await cursorNow(service) }).next();
    await postAnalyzed(service, 1);
    await expect(unresumable).rejects.toThrow("must select `cursor`");
    client.close();
  });
});
