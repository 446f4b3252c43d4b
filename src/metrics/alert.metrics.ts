import type { Registry } from "prom-client";
import { scrapedCounter } from "./scraped.js";

type Outcome = "sent" | "failed" | "parked" | "dropped";

/** Metrics of alarms: what this instance did with their messages; plain numbers. */
export class AlertMetrics {
  readonly counts: Record<Outcome, number> = { sent: 0, failed: 0, parked: 0, dropped: 0 };
  /** Times that the feed did not go on from a rule's place. */
  gaps = 0;

  constructor(registry: Registry) {
    scrapedCounter(
      registry,
      {
        name: "alert_outcomes_total",
        help: "What became of messages of alarms: attempts that were sent or failed, messages parked or dropped.",
        labelNames: ["outcome"],
      },
      () => Object.entries(this.counts).map(([outcome, count]) => [{ outcome }, count]),
    );
    scrapedCounter(
      registry,
      { name: "alert_gaps_total", help: "Times that the feed did not go on from the place of an alarm." },
      () => [[{}, this.gaps]],
    );
  }
}
