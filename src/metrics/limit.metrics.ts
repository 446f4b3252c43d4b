import { Counter, type Registry } from "prom-client";
import { type LimitName, ServiceError } from "../errors.js";

/** Counts what limits refuse. */
export class LimitMetrics {
  private readonly refusals: Counter;

  constructor(registry: Registry) {
    this.refusals = new Counter({
      name: "limit_refusals_total",
      help: "Requests that a limit refused, by limit.",
      labelNames: ["limit"],
      registers: [registry],
    });
  }

  /** Counts an answer that is an error, if a limit is the reason for it. */
  answeredWith(error: unknown): void {
    if (error instanceof ServiceError && error.limit !== undefined) this.refused(error.limit);
  }

  refused(limit: LimitName): void {
    this.refusals.inc({ limit });
  }
}
