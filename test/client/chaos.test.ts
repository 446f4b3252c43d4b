import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sessionEventsSubscription, sessionsQuery } from "../../client/src/index.js";
import { onDatabase } from "../support/callers.js";
import { clientOf, followEvents, ways } from "../support/client-kit.js";
import { newEvent } from "../support/listening.js";
import { freePort } from "../support/rehearsal/free-port.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { type StallableProxy, startProxy } from "../support/stallable-proxy.js";

const clientsEachWay = 10;
const atMost = { timeout: 30_000, interval: 100 };

describe("twenty clients behind a network that cuts and stalls, of a service that is killed", () => {
  let database: TestDatabase;
  let running: RunningProcess;
  let proxy: StallableProxy;
  let environment: Record<string, string>;
  beforeAll(async () => {
    database = await createTestDatabase();
    environment = {
      DATABASE_URL: database.url,
      PORT: String(await freePort()),
      SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1",
    };
    running = await startProcess(environment);
    proxy = await startProxy(running.url);
  });
  afterAll(async () => {
    await proxy.close();
    await running.end("SIGKILL");
    await database.drop();
  });

  const newClients = () => {
    const address = proxy.url.replace(/\/$/, "");
    return ways.flatMap((way) =>
      Array.from({ length: clientsEachWay }, () => clientOf(address, way, { stallMilliseconds: 2_000 })),
    );
  };

  /** Posts an event to the service itself, until it is acknowledged. @returns the session's id */
  async function post(data: Record<string, unknown> = {}): Promise<string> {
    const event = await newEvent("analyzed", data);
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(event);
    for (;;) {
      const url = `${running.url}/webhooks/whippy`;
      const answer = await fetch(url, { method: "POST", headers, body }).catch(() => undefined);
      if (answer?.status === 200) return String(event.data.id);
      await delay(50);
    }
  }

  it("tells each of them what the feed holds: all of it, once, in order", async () => {
    const clients = newClients();
    const begun = vi.fn();
    const followings = clients.map((client) =>
      followEvents(client, { store: { read: () => null, write: begun } }),
    );
    await vi.waitFor(() => {
      expect(begun).toHaveBeenCalledTimes(clients.length);
    }, atMost);

    const end = new AbortController();
    const posted: string[] = [];
    const posting = (async () => {
      while (!end.signal.aborted) {
        posted.push(await post());
        await delay(10);
      }
    })();
    await delay(300);
    proxy.cut();
    await delay(200);
    proxy.resume();
    await delay(500);
    // What stalls is not told of, and must be noticed.
    proxy.stall();
    await delay(3_000);
    proxy.resume();
    await delay(300);
    await running.end("SIGKILL");
    running = await startProcess(environment);
    await delay(500);
    end.abort();
    await posting;

    expect(posted.length).toBeGreaterThan(10);
    for (const { sessionIds } of followings) {
      await vi.waitFor(() => {
        expect(sessionIds).toHaveLength(posted.length);
      }, atMost);
      expect(sessionIds).toEqual(posted);
    }
    for (const client of clients) client.close();
    expect(await Promise.all(followings.map(({ over }) => over))).toEqual(clients.map(() => undefined));
  });

  it("gives each of them a page anew where the feed no more has what they missed", async () => {
    const filter = { language: { eq: "fr" } };
    const clients = newClients();
    const lists = clients.map((client) => {
      const list = { pages: 0, sessionIds: new Set<string>() };
      const parts = client.queryThenLive(
        [sessionsQuery, { filter }],
        [sessionEventsSubscription, { filter }],
      );
      const over = (async () => {
        for await (const part of parts) {
          if (part.kind === "event") list.sessionIds.add(part.event.sessionEvents.session.id);
          else {
            list.pages += 1;
            list.sessionIds = new Set(part.page.sessions?.nodes.map(({ id }) => id));
          }
        }
      })();
      return { list, over };
    });
    const posted: string[] = [];
    const postNext = async () => posted.push(await post({ language: "fr" }));
    const untilComplete = async () => {
      for (const { list } of lists)
        await vi.waitFor(() => {
          expect([...list.sessionIds].sort()).toEqual([...posted].sort());
        }, atMost);
    };
    await postNext();
    await untilComplete();
    proxy.cut();
    await postNext();
    await postNext();
    await running.end("SIGKILL");
    await onDatabase(database, (opened) =>
      opened.transaction(async (transaction) => {
        const expired = "expired_position = last_position, expired_epoch = last_epoch";
        await transaction.execute(`UPDATE feed_head SET ${expired}`);
        await transaction.execute("DELETE FROM session_feed");
      }),
    );
    running = await startProcess(environment);
    const pages = lists.map(({ list }) => list.pages);
    proxy.resume();
    await untilComplete();
    await postNext();
    await untilComplete();
    expect(lists.map(({ list }) => list.pages)).toEqual(pages.map((count) => count + 1));
    for (const client of clients) client.close();
    await Promise.all(lists.map(({ over }) => over));
  });
});
