import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { GraphqlError } from "../../client/src/errors.js";
import { follow } from "../../client/src/live.js";
import { queryThenLive } from "../../client/src/query-then-live.js";
import { Tokens } from "../../client/src/tokens.js";

const expired = () => new GraphqlError([{ message: "gone", extensions: { code: "CURSOR_EXPIRED" } }]);
/** Waits of 250 ms and twice as long each time, of which jitter leaves a half at the least. */
const mostInTenSeconds = 8;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a page whose feed never goes on is asked for ever less often", async () => {
  const left = new AbortController();
  const page = vi.fn(() => Promise.resolve({ sessions: { eventCursor: "x" } }));
  const parts = queryThenLive(
    {
      page,
      live: async function* () {
        await Promise.resolve();
        throw expired();
      },
      retry: undefined,
    },
    { signal: left.signal },
  );
  const over = (async () => {
    for await (const part of parts) expect(part.kind).toBe("page");
  })();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.mock.calls.length).toBeGreaterThan(4);
  expect(page.mock.calls.length).toBeLessThanOrEqual(mostInTenSeconds);
  left.abort();
  await over;
});

it("so is the function that says from where a subscription goes on", async () => {
  const left = new AbortController();
  const onExpired = vi.fn(() => "another that is gone");
  const events = follow(
    {
      transport: {
        subscribe: (_request, { ended }) => {
          ended(expired());
          return () => undefined;
        },
      },
      tokens: new Tokens(undefined),
      retry: undefined,
      findEnd: () => Promise.reject(new Error("It has a cursor.")),
    },
    { query: "", variables: {} },
    { from: "one that is gone", signal: left.signal, onExpired },
  );
  const over = events.next();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(onExpired.mock.calls.length).toBeGreaterThan(4);
  expect(onExpired.mock.calls.length).toBeLessThanOrEqual(mostInTenSeconds);
  left.abort();
  expect(await over).toEqual({ done: true, value: undefined });
});

it("what a caller's function never answers does not outlive the subscription", async () => {
  const never = () => new Promise<never>(() => undefined);
  const parts = {
    transport: { subscribe: () => () => undefined },
    tokens: new Tokens(undefined),
    retry: undefined,
    findEnd: never,
  };
  const left = new AbortController();
  const store = { read: never, write: never };
  const events = follow(parts, { query: "", variables: {} }, { store, signal: left.signal });
  const over = events.next();
  await vi.advanceTimersByTimeAsync(1_000);
  left.abort();
  expect(await over).toEqual({ done: true, value: undefined });
});
