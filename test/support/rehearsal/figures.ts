import type { Audit } from "./audit.js";
import type { Deliveries } from "./deliveries.js";

/** What every scenario tells of its deliveries. */
export function deliveryFigures(
  deliveries: Deliveries,
  { lost, halfStored, falselyDead }: Audit,
): Record<string, number> {
  return {
    acknowledged: deliveries.acknowledged.length,
    refused: deliveries.refused,
    "p50 ms": milliseconds(deliveries.latency.percentile(50)),
    "p99 ms": milliseconds(deliveries.latency.percentile(99)),
    lost,
    "half-stored": halfStored,
    "falsely dead": falselyDead,
  };
}

/** Of microseconds. */
export function milliseconds(microseconds: number): number {
  return Math.round(microseconds / 100) / 10;
}
