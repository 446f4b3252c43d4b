import type { SessionFilter } from "conversation-agent-client";

/** So many whole days of the viewer's zone, and as many before them. */
export interface Period {
  readonly days: number;
  /** The first instant of the period. */
  readonly since: Date;
  /** The first instant after it. */
  readonly until: Date;
  /** The first instant of the period that it is compared with. */
  readonly before: Date;
}

/** The period that ends with a day. */
export function periodOf(lastDay: Date, days: number): Period {
  const midnight = (offset: number) =>
    new Date(lastDay.getFullYear(), lastDay.getMonth(), lastDay.getDate() + offset);
  return { days, since: midnight(1 - days), until: midnight(1), before: midnight(1 - 2 * days) };
}

/** The days of a period, each by its first instant. */
export function daysOf({ since, days }: Period): Date[] {
  return Array.from(
    { length: days },
    (_, index) => new Date(since.getFullYear(), since.getMonth(), since.getDate() + index),
  );
}

/** The variables of the statistics for a period. */
export function statsVariables({ since, until, before }: Period, timeZone: string) {
  const current = startedBetween(since, until);
  const earlier = startedBetween(before, since);
  return { filter: current, before: earlier, timeZone };
}

function startedBetween(since: Date, until: Date): SessionFilter {
  return { startedAt: { gte: since.toISOString(), lt: until.toISOString() } };
}
