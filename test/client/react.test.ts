import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Client, CursorStore } from "../../client/src/index.js";
import { sessionEventsSubscription } from "../../client/src/index.js";
import { useLive, useSessions } from "../../client/src/react.js";
import { clientOf } from "../support/client-kit.js";
import { newEvent, post } from "../support/listening.js";
import { renderHook } from "../support/render-hook.js";
import { startService, type TestService } from "../support/service.js";

let service: TestService;
let client: Client;
beforeAll(async () => {
  service = await startService();
  client = clientOf(service.url, "websocket");
});
afterAll(async () => {
  client.close();
  vi.unstubAllGlobals();
  await service.stop();
});

describe("useLive", () => {
  it("uses the store that comes with new variables", async () => {
    const storeOf = () => {
      const written: string[] = [];
      const store: CursorStore = { read: () => null, write: (cursor) => void written.push(cursor) };
      return { store, written };
    };
    const [first, second] = [storeOf(), storeOf()];
    const follow = (sentiment: string, { store }: { readonly store: CursorStore }) => ({
      filter: { userSentiment: { eq: sentiment } },
      store,
    });
    const hook = await renderHook(
      ({ filter, store }: ReturnType<typeof follow>) =>
        useLive(client, sessionEventsSubscription, { filter }, { store }),
      follow("negative", first),
    );
    await expect.poll(() => hook.output?.state).toBe("live");
    // Where there is no cursor yet, the end of the feed is kept.
    expect([first.written.length, second.written.length]).toEqual([1, 0]);
    hook.render(follow("positive", second));
    await expect.poll(() => second.written.length).toBe(1);
    expect(first.written).toHaveLength(1);
    hook.unmount();
  });
});

describe("useSessions", () => {
  it("tells of a listed session that stops matching the filter", async () => {
    const filter = { status: { eq: "STARTED" } };
    const hook = await renderHook(() => useSessions(client, { filter }), {});
    const shown = () => hook.output?.sessions.map(({ id, status }) => [id, status]);
    await expect.poll(() => hook.output?.state).toBe("live");
    const [started, other] = [await newEvent("started"), await newEvent("started")];
    await post(service, [started, other]);
    const [id, otherId] = [started.data.id, other.data.id];
    await expect.poll(shown).toEqual([
      [otherId, "STARTED"],
      [id, "STARTED"],
    ]);
    // Others, which were never listed, do not come.
    await post(service, [await newEvent("ended"), await newEvent("ended", { id })]);
    await expect.poll(shown).toEqual([
      [otherId, "STARTED"],
      [id, "ENDED"],
    ]);
    hook.unmount();
  });
});
