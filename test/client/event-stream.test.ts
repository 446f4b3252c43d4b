import { describe, expect, it } from "vitest";
import { sessionEventsSubscription } from "../../client/src/index.js";
import { clientOf } from "../support/client-kit.js";

const eventOf = (cursor: string) =>
  `event: next\ndata: ${JSON.stringify({ data: { sessionEvents: { cursor, text: "Zoë 😀\n\n" } } })}\n\n`;
const stream = `:\n\n${["a", "b"].map(eventOf).join(":\n\n")}event: complete\ndata:\n\n`;

describe("an event stream's chunks", () => {
  it.each([1, 2, 3, 7, 64, 10_000])("may be of %i bytes, whatever they cut", async (size) => {
    const bytes = new TextEncoder().encode(stream);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let start = 0; start < bytes.length; start += size)
          controller.enqueue(bytes.slice(start, start + size));
        controller.close();
      },
    });
    const client = clientOf("http://127.0.0.1", "event-stream", {
      fetch: () => Promise.resolve(new Response(body)),
    });
    const cursors: string[] = [];
    for await (const { sessionEvents } of client.live(sessionEventsSubscription, {}, { from: "begin" })) {
      expect(sessionEvents).toMatchObject({ text: "Zoë 😀\n\n" });
      cursors.push(sessionEvents.cursor);
      if (cursors.length === 2) client.close();
    }
    expect(cursors).toEqual(["a", "b"]);
  });

  it("may be a hundred thousand for one event", async () => {
    const chunks = 100_000;
    const text = "x".repeat(100);
    const encoder = new TextEncoder();
    const head = `event: next\ndata: {"data":{"sessionEvents":{"cursor":"a","text":"`;
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = sent === 0 ? head : sent <= chunks ? text : `"}}}\n\n`;
        controller.enqueue(encoder.encode(piece));
        sent += 1;
        if (sent > chunks + 1) controller.close();
      },
    });
    const client = clientOf("http://127.0.0.1", "event-stream", {
      fetch: () => Promise.resolve(new Response(body)),
    });
    const { value } = await client.live(sessionEventsSubscription, {}, { from: "begin" }).next();
    expect(value).toMatchObject({ sessionEvents: { text: text.repeat(chunks) } });
    client.close();
  });
});
