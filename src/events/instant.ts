/**
 * Instants as text. Whippy sends messages with microseconds and sessions with whole seconds; a JS `Date` would cut the former and
 * pad the latter. Here an instant is its UTC text, `2025-08-26T11:03:29.168397Z`, with as many decimals as it was received with
 * (six at the most: what is finer is cut off).
 */

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,30}))?([Zz]|[+-]\d{2}:?\d{2})?$/;

/** DATETIME's lower bound in MySQL; RFC 3339 has four-digit years only, which is the upper bound. */
const leastYear = 1000;

/**
 * Reads an ISO 8601 / RFC 3339 instant; one without an offset counts as UTC (Elixir's naive datetimes).
 * @returns the UTC text at the precision received, or undefined where the text is no instant between the years 1000 and 9999
 * (a leap second, 24:00 or the 30th of February are none).
 */
export function parseInstant(text: string): string | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  const wall = `${String(year)}-${String(month)}-${String(day)}T${String(hour)}:${String(minute)}:${String(second)}`;
  const wallTime = new Date(`${wall}.000Z`);
  if (Number.isNaN(wallTime.getTime()) || wallTime.toISOString().slice(0, 19) !== wall) return undefined;
  const minutes = offsetMinutes(offset);
  if (minutes === undefined) return undefined;
  const utc = new Date(wallTime.getTime() - minutes * 60_000);
  if (utc.getUTCFullYear() < leastYear || utc.getUTCFullYear() > 9999) return undefined;
  const decimals = fraction ? `.${fraction.slice(0, 6)}` : "";
  return `${utc.toISOString().slice(0, 19)}${decimals}Z`;
}

function offsetMinutes(offset: string | undefined): number | undefined {
  if (offset === undefined || offset.toUpperCase() === "Z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** The instant as DATETIME(6) text, always six decimals: comparing two as strings compares the instants. */
export function toDatetime(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)}.${instant.slice(20, -1).padEnd(6, "0")}`;
}

/** How many decimals the instant was received with (0 to 6): DATETIME(6) alone would forget it. */
export function decimalsOf(instant: string): number {
  return Math.max(0, instant.length - "2025-08-26T11:03:29.Z".length);
}

/** The inverse of {@link toDatetime} and {@link decimalsOf}. */
export function fromDatetime(datetime: string, decimals: number): string {
  const seconds = `${datetime.slice(0, 10)}T${datetime.slice(11, 19)}`;
  return decimals === 0 ? `${seconds}Z` : `${seconds}.${datetime.slice(20, 20 + decimals)}Z`;
}

/** Our own clock: milliseconds, UTC. */
export function now(): string {
  return new Date().toISOString();
}
