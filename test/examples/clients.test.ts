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
    told.length = 0;
    posted.splice(0, Infinity, ...(await postAnalyzed(service, 2)));
    await all();
    expect(expired).toBe(1);
    leave();
  });

  it("misses nothing before its first event, nor an event that came with errors alone", async () => {
    let broken = 0;
    /** Breaks the first event that comes. */
    class BreakingSocket extends WebSocket {
      override emit(name: string | symbol, ...values: unknown[]): boolean {
        const [message] = values;
        if (name !== "message" || broken > 0) return super.emit(name, ...values);
        const { id, type } = JSON.parse(String(message)) as { id?: string; type: string };
        if (type !== "next") return super.emit(name, ...values);
        broken += 1;
        const payload = { data: null, errors: [{ message: "The event could not be read." }] };
        return super.emit(name, Buffer.from(JSON.stringify({ id, type, payload })), false);
      }
    }
    const told: string[] = [];
    const store = storedIn(storage({}), "cursor");
    const begin = () =>
      watch({
        url: `${service.url.replace("http", "ws")}/graphql`,
        store,
        webSocketImpl: BreakingSocket,
        onEvent: ({ session }) => told.push(session.id),
        onExpired: () => undefined,
      });
    const leaveFirst = begin();
    await expect.poll(() => store.read()).not.toBeNull();
    leaveFirst();
    const posted = await postAnalyzed(service, 2);
    const leave = begin();
    await expect.poll(() => told).toEqual(posted);
    expect(broken).toBe(1);
    leave();
  });
});
