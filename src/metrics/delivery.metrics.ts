import { isUuid } from "../model/uuid.js";
import { Gauge, Histogram, type Registry } from "prom-client";
import { BoundedLabels } from "./bounded-labels.js";
import { seconds } from "./buckets.js";
import { scrapedGauge } from "./scraped.js";

/** A delivery that was answered, or broke off. */
export interface FinishedDelivery {
  /** The event's type: one that is understood, `other`, or `none` where it is unknown. */
  readonly type: string;
  readonly outcome: string;
  readonly milliseconds: number;
  readonly organizationId: string | undefined;
}

/** Organizations whose last delivery is told by their ids. */
const mostOrganizations = 100;

/** Metrics of the way in. */
export class DeliveryMetrics {
  private readonly duration: Histogram;
  private readonly commit: Histogram;
  private readonly inFlight: Gauge;
  private readonly organizations = new BoundedLabels(mostOrganizations, isUuid);
  /** By organization, in seconds since 1970. */
  private readonly lastDelivery = new Map<string, number>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.duration = new Histogram({
      name: "webhook_delivery_seconds",
      help: "Time from a delivery's headers to its answer, by event type and outcome.",
      labelNames: ["type", "outcome"],
      buckets: seconds,
      registers,
    });
    this.commit = new Histogram({
      name: "webhook_commit_seconds",
      help: "Time from a delivery's whole body to the commit of its transaction.",
      buckets: seconds,
      registers,
    });
    this.inFlight = new Gauge({
      name: "webhook_deliveries_in_flight",
      help: "Deliveries in work.",
      registers,
    });
    scrapedGauge(
      registry,
      {
        name: "webhook_last_delivery_timestamp_seconds",
        help: "When this instance took the last delivery of an organization.",
        labelNames: ["organization"],
      },
      () => Array.from(this.lastDelivery, ([organization, at]) => [{ organization }, at]),
    );
  }

  begun(): void {
    this.inFlight.inc();
  }

  committed(milliseconds: number): void {
    this.commit.observe(milliseconds / 1_000);
  }

  finished({ type, outcome, milliseconds, organizationId }: FinishedDelivery): void {
    this.inFlight.dec();
    this.duration.observe({ type, outcome }, milliseconds / 1_000);
    if (organizationId !== undefined)
      this.lastDelivery.set(this.organizations.admit(organizationId), Date.now() / 1_000);
  }
}
