import type { FeedEntry } from "../store/readers/feed.reader.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Message } from "./sink.js";

interface Assignment {
  readonly assigned: readonly string[];
  readonly begun: number;
  readonly head: number;
  readonly carrier: Readonly<Record<string, string>>;
}

/** In the trace of each event: it got its position, and the others were told of the head. */
export function tracePositions(tracing: Tracing, { assigned, begun, head, carrier }: Assignment): void {
  const attributes = { "feed.head": head, ...carrier };
  for (const eventId of assigned) {
    void tracing.span({ name: "feed position", eventId, startedAt: begun }, () =>
      tracing.span({ name: "feed announcement", kind: "producer", attributes }, () => Promise.resolve()),
    );
  }
}

/** What a group is told of an entry, as spans of the entries' traces. */
export class PushSpans {
  private readonly ends: (() => void)[] = [];

  constructor(private readonly tracing: Tracing) {}

  /** Renders within a span that lasts until {@link end}. */
  async render(
    { eventId, position, kind }: FeedEntry,
    subscribers: number,
    render: () => Promise<Message | undefined>,
  ): Promise<Message | undefined> {
    const attributes = { "feed.position": position, "feed.kind": kind, "feed.subscribers": subscribers };
    const told = new Promise<void>((resolve) => this.ends.push(resolve));
    return await new Promise((resolve, reject) => {
      const push = async () => {
        const message = await render();
        resolve(message);
        await told;
      };
      this.tracing.span({ name: "feed push", kind: "producer", eventId, attributes }, push).catch(reject);
    });
  }

  /** Once the subscribers have been told, which follows in the same turn of the event loop. */
  endSoon(): void {
    setImmediate(() => {
      for (const end of this.ends) end();
    });
  }
}
