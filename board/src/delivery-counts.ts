/** How the deliveries of one instance went since its start. */
export interface DeliveryCounts {
  readonly outcomes: readonly (readonly [outcome: string, count: number])[];
  /** Dead letters that are kept, in all. */
  readonly deadLetters: number | undefined;
}

/** Reads what is shown out of the service's metrics (Prometheus' text format). */
export function readDeliveryCounts(metrics: string): DeliveryCounts {
  const outcomes = new Map<string, number>();
  // Told by event type too.
  for (const [, outcome = "", count] of metrics.matchAll(
    /^webhook_delivery_seconds_count\{.*outcome="(\w+)".*\} (\d+)$/gm,
  ))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + Number(count));
  const dead = /^webhook_dead_letters (\d+)$/m.exec(metrics)?.[1];
  return { outcomes: [...outcomes], deadLetters: dead === undefined ? undefined : Number(dead) };
}
