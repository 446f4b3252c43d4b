import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { watchWithApolloClient } from "../../examples/clients/apollo-client.js";
import { storedIn } from "../../examples/clients/resume.js";
import { watchWithUrql } from "../../examples/clients/urql.js";
import { startService, type TestService } from "../support/service.js";
import { cursorNow, inDatabase, listen, postAnalyzed } from "../support/listening.js";

// Apollo Client's link asks the global one for its constants; Node 20 has none.
Object.assign(globalThis, { WebSocket });

/** What `localStorage` does. */
function storage(content: Record<string, string>) {
  const items = new Map(Object.entries(content));
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

describe.each([
  ["Apollo Client", watchWithApolloClient],
  ["urql", watchWithUrql],
])("the example with %s", (_name, watch) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ FEED_RETENTION_DAYS: "1" });
  });
  afterAll(async () => {
    await service.stop();
  });

  it("goes on by itself after a restart of the service and of the program, and says when its cursor has expired", async () => {
    const told: string[] = [];
    const posted: string[] = [];
    let expired = 0;
    const store = storedIn(storage({ cursor: await cursorNow(service) }), "cursor");
    const begin = () =>
      watch({
        url: `${service.url.replace("http", "ws")}/graphql`,
        store,
        webSocketImpl: WebSocket,
        onEvent: ({ session }) => told.push(session.id),
        onExpired: () => {
          expired += 1;
        },
      });
    const all = () =>
      vi.waitFor(() => {
        expect(told).toEqual(posted);
      }, 15_000);

    let leave = begin();
    posted.push(...(await postAnalyzed(service, 2)));
    await all();
    await service.restart();
    posted.push(...(await postAnalyzed(service, 2)));
    await all();
    leave();
    posted.push(...(await postAnalyzed(service, 2)));
    leave = begin();
    await all();
    leave();

    await postAnalyzed(service, 2);
    await inDatabase(service, "UPDATE session_feed SET received_at = '2020-01-01 00:00:00.000000'");
    await service.restart();
    await vi.waitFor(async () => {
      const probe = await listen(service.url, { after: store.read() ?? "" });
      await probe.leave();
      expect(probe.failure).toBeDefined();
    }, 10_000);
    leave = begin();
    await vi.waitFor(() => {
      expect(expired).toBe(1);
    }, 10_000);
    expect(store.read()).toBeNull();
    leave();
  });
});
