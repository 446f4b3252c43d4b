/** An hour of UTC, such as `2026-01-31 12`, as it is stored. */
export function hourOf(time: number): string {
  return new Date(time).toISOString().slice(0, "2026-01-31T12".length).replace("T", " ");
}

/** The inverse of {@link hourOf}. */
export function startOf(hour: string): number {
  return Date.parse(`${hour.replace(" ", "T")}:00:00.000Z`);
}

export const hourMilliseconds = 3_600_000;
const week = 7 * 24 * hourMilliseconds;
/** Weeks that are compared, and how many of them must agree. */
export const weeksBack = 4;
const weeksNeeded = 3;
/** Changes in the same hours of a week that count as usual. */
const leastChanges = 5;

/**
 * Whether an organization is silent that usually is not: in the whole hours since the last one in which it
 * sent something it sent at least five changes in three of the last four weeks.
 * @param counts of the organization's hours
 * @param lastHour the last one in which it sent something
 */
export function isSilent(counts: ReadonlyMap<string, number>, lastHour: string, now: number): boolean {
  const from = startOf(lastHour) + hourMilliseconds;
  // Of a longer silence the first week says it all.
  const to = Math.min(startOf(hourOf(now)), from + week);
  let usual = 0;
  for (let back = 1; back <= weeksBack; back += 1) {
    let changes = 0;
    for (let time = from; time < to; time += hourMilliseconds)
      changes += counts.get(hourOf(time - back * week)) ?? 0;
    if (changes >= leastChanges) usual += 1;
  }
  return usual >= weeksNeeded;
}
