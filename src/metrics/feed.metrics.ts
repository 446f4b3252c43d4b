import { Histogram, type Registry } from "prom-client";
import { seconds } from "./buckets.js";
import { scrapedCounter } from "./scraped.js";

export type SubscriptionTransport = "websocket" | "event_stream";

/** An entry that is older was replayed or imported: nobody waited for it since its receipt. */
const longestWait = 3_600_000;

/** Metrics of the feed: how long a change takes from its receipt to its position and to its subscribers. */
export class FeedMetrics {
  /** Events handed to subscribers; plain numbers, as this is most of the work under load. */
  readonly pushed: Record<SubscriptionTransport, number> = { websocket: 0, event_stream: 0 };
  /** Live subscribers that did not keep up, and read the feed at their own pace from then on. */
  readonly paused: Record<SubscriptionTransport, number> = { websocket: 0, event_stream: 0 };
  private readonly position: Histogram;
  private readonly push: Histogram;

  constructor(registry: Registry) {
    this.position = new Histogram({
      name: "feed_position_seconds",
      help: "Time from the receipt of a change to its position in the feed.",
      buckets: seconds,
      registers: [registry],
    });
    this.push = new Histogram({
      name: "feed_push_seconds",
      help: "Time from the receipt of a change until it is handed to the live subscribers of a group.",
      labelNames: ["kind"],
      buckets: seconds,
      registers: [registry],
    });
    const labelNames = ["transport"];
    scrapedCounter(
      registry,
      { name: "graphql_events_pushed_total", help: "Events handed to subscribers.", labelNames },
      () => byTransport(this.pushed),
    );
    scrapedCounter(
      registry,
      {
        name: "graphql_subscriptions_paused_total",
        help: "Times that a live subscriber did not keep up, and was told at its own pace from then on.",
        labelNames,
      },
      () => byTransport(this.paused),
    );
  }

  /** @param receivedAt milliseconds since 1970 */
  positioned(receivedAt: number): void {
    const waited = sinceReceipt(receivedAt);
    if (waited <= longestWait) this.position.observe(waited / 1_000);
  }

  told(kind: string, receivedAt: number): void {
    const waited = sinceReceipt(receivedAt);
    if (waited <= longestWait) this.push.observe({ kind }, waited / 1_000);
  }
}

/** Another instance may have received it, whose clock differs. */
function sinceReceipt(receivedAt: number): number {
  return Math.max(0, Date.now() - receivedAt);
}

export function byTransport(counts: Readonly<Record<SubscriptionTransport, number>>) {
  return Object.entries(counts).map(([transport, count]) => [{ transport }, count] as const);
}
