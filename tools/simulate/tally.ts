import { createHistogram } from "node:perf_hooks";
import type { Answer, DeliveryOutcome } from "./deliver.js";
import type { Delivery } from "./delivery-plan.js";

/** What a simulation came to. */
export interface SimulationSummary {
  /** Sessions of which at least one delivery was made. */
  sessions: number;
  /** Deliveries that came to an end, repetitions included; retries belong to their delivery. */
  deliveries: number;
  /** Deliveries that failed for good. */
  failures: number;
  /** Deliveries given up between two attempts, because the simulation was stopped. */
  interrupted: number;
  /** Deliveries that were never made, because the simulation was to lose them. */
  lost: number;
  /** Attempts beyond the first of a delivery. */
  retries: number;
  /** Attempts by HTTP status, or by the reason why there was none. */
  answers: Record<string, number>;
  elapsedMs: number;
  deliveriesPerSecond: number;
  /** Of the attempts that were answered; 0 without any. */
  latencyMs: { p50: number; p95: number; p99: number };
}

const MICROSECONDS = 1000;

/** Counts in constant space, however long the simulation is. */
export class Tally {
  sessions = 0;
  deliveries = 0;
  failures = 0;
  private interrupted = 0;
  private lost = 0;
  private attempts = 0;
  private readonly answers = new Map<string, number>();
  private readonly latency = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
  private readonly startedAt = performance.now();

  readonly answer = ({ status, latencyMs }: Answer): void => {
    this.attempts += 1;
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    if (latencyMs !== undefined) this.latency.record(Math.max(1, Math.round(latencyMs * MICROSECONDS)));
  };

  lose(): void {
    this.lost += 1;
  }

  conclude({ session }: Delivery, outcome: DeliveryOutcome): void {
    if (!session.counted) this.sessions += 1;
    session.counted = true;
    if (outcome === "interrupted") this.interrupted += 1;
    else this.deliveries += 1;
    if (outcome === "failed") this.failures += 1;
  }

  /** Whether a delivery has failed for good and no attempt at all was answered: nobody is there. */
  get hopeless(): boolean {
    return this.failures > 0 && this.latency.count === 0;
  }

  summarize(): SimulationSummary {
    const elapsedMs = performance.now() - this.startedAt;
    return {
      sessions: this.sessions,
      deliveries: this.deliveries,
      failures: this.failures,
      interrupted: this.interrupted,
      lost: this.lost,
      retries: this.attempts - this.deliveries - this.interrupted,
      answers: Object.fromEntries([...this.answers].sort(([one], [other]) => one.localeCompare(other))),
      elapsedMs,
      deliveriesPerSecond: this.deliveries / (elapsedMs / 1000),
      latencyMs: { p50: this.percentile(50), p95: this.percentile(95), p99: this.percentile(99) },
    };
  }

  private percentile(share: number): number {
    return this.latency.count === 0 ? 0 : this.latency.percentile(share) / MICROSECONDS;
  }
}
