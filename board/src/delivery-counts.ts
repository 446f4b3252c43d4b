/** How the deliveries of one instance went since its start. */
export interface DeliveryCounts {
  readonly outcomes: readonly (readonly [outcome: string, count: number])[];
  /** Dead letters that are kept, in all. */
  readonly deadLetters: number | undefined;
}

/** Reads what is shown out of the service's metrics (Prometheus' text format). */
export function readDeliveryCounts(metrics: string): DeliveryCounts {
  const outcomes = Array.from(
    metrics.matchAll(/^webhook_delivery_seconds_count\{outcome="(\w+)"\} (\d+)$/gm),
    ([, outcome = "", count]) => [outcome, Number(count)] as const,
  );
  const dead = /^webhook_dead_letters (\d+)$/m.exec(metrics)?.[1];
  return { outcomes, deadLetters: dead === undefined ? undefined : Number(dead) };
}
