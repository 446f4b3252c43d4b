import { describe, expect, it } from "vitest";
import { eventsOf } from "../../client/src/event-queue.js";
import type { Sink, Transport } from "../../client/src/transport.js";

/** A transport whose service tells what a test says. */
function scripted() {
  const state: { sink?: Sink; hasLeft: boolean } = { hasLeft: false };
  const transport: Transport = {
    subscribe: (_request, sink) => {
      state.sink = sink;
      return () => {
        state.hasLeft = true;
      };
    },
  };
  return { state, transport };
}

const request = { query: "subscription { sessionEvents { cursor } }", variables: {} };
const options = () => ({ signal: new AbortController().signal, onOpened: () => undefined });

describe("the events that wait for a reader", () => {
  it("are at most a thousand: then the subscription is left, and ends after them", async () => {
    const { state, transport } = scripted();
    const events = eventsOf(transport, request, options());
    const first = events.next();
    for (let data = 0; data < 1_500; data += 1) state.sink?.next({ data });
    expect(state.hasLeft).toBe(true);
    expect((await first).value).toEqual({ data: 0 });
    const rest = [];
    for await (const { data } of events) rest.push(data);
    expect(rest).toEqual(Array.from({ length: 999 }, (_, index) => index + 1));
  });

  it("come before the error that ended the subscription", async () => {
    const { state, transport } = scripted();
    const events = eventsOf(transport, request, options());
    const first = events.next();
    state.sink?.next({ data: 1 });
    state.sink?.ended(new Error("lost"));
    expect((await first).value).toEqual({ data: 1 });
    await expect(events.next()).rejects.toThrow("lost");
  });

  it("are not told any more once the signal is aborted", async () => {
    const { state, transport } = scripted();
    const end = new AbortController();
    const events = eventsOf(transport, request, { ...options(), signal: end.signal });
    const first = events.next();
    end.abort();
    expect(await first).toEqual({ done: true, value: undefined });
    expect(state.hasLeft).toBe(true);
  });
});
