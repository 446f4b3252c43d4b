import { collectDefaultMetrics, Registry } from "prom-client";
import { AlertMetrics } from "./alert.metrics.js";
import { DeliveryMetrics } from "./delivery.metrics.js";
import { FeedMetrics } from "./feed.metrics.js";
import { LimitMetrics } from "./limit.metrics.js";
import { OperationMetrics } from "./operation.metrics.js";
import { type StateSources, watchState } from "./state.metrics.js";

/**
 * The service's Prometheus metrics, in a registry of its own: the parts below count what happens; what is so
 * now is read when somebody scrapes. Labels hold no personal data, and have a bounded number of values.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly deliveries = new DeliveryMetrics(this.registry);
  readonly operations = new OperationMetrics(this.registry);
  readonly feed = new FeedMetrics(this.registry);
  readonly limits = new LimitMetrics(this.registry);
  readonly alerts = new AlertMetrics(this.registry);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Adds what is read when somebody scrapes. */
  watch(sources: StateSources): void {
    watchState(this.registry, sources);
  }
}
