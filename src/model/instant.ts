/**
 * Instants as text. Whippy sends messages with microseconds and sessions with whole seconds; a JS `Date`
 * would cut the former and pad the latter. Here an instant is its UTC text, `2025-08-26T11:03:29.168397Z`,
 * with as many decimals as it was received with (six at the most: what is finer is cut off).
 */

/** What {@link parseInstant} demands of a text. */
export const instantRule = "must be an ISO 8601 instant between the years 1000 and 9999";

const rfc3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,30}))?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Reads an ISO 8601 / RFC 3339 instant, also with a space for the T and an offset of hours alone, as
 * PostgreSQL prints it (`+00`). One without an offset counts as UTC (Elixir's naive datetimes).
 * @returns the UTC text at the precision received, or undefined where the text is no instant between the
 * years 1000 and 9999 (a leap second, 24:00 or the 30th of February are none).
 */
export function parseInstant(text: string): string | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "", fraction, offset] = match;
  const isWallTime =
    Number(day) >= 1 &&
    Number(day) <= daysOf(Number(year), Number(month)) &&
    Number(hour) <= 23 &&
    Number(minute) <= 59 &&
    Number(second) <= 59;
  const minutes = offsetMinutes(offset);
  if (!isWallTime || minutes === undefined) return undefined;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const utc = minutes === 0 ? wall : new Date(Date.parse(`${wall}Z`) - minutes * 60_000).toISOString();
  // Beyond the year 9999 it is written with a sign.
  if (!/^[1-9]\d{3}-/.test(utc)) return undefined;
  const decimals = fraction ? `.${fraction.slice(0, 6)}` : "";
  return `${utc.slice(0, 19)}${decimals}Z`;
}

/** Days of a month; 0 where there is no such month. */
function daysOf(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

function offsetMinutes(offset: string | undefined): number | undefined {
  if (offset === undefined || offset.toUpperCase() === "Z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = offset.length === "+00".length ? 0 : Number(offset.slice(-2));
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

/** DATETIME(6) text, so many milliseconds later; what is finer than a millisecond is cut off. */
export function datetimeAfter(datetime: string, milliseconds: number): string {
  return toDatetime(new Date(Date.parse(fromDatetime(datetime, 3)) + milliseconds).toISOString());
}

/** Milliseconds between two instants as DATETIME(6) text. */
export function millisecondsBetween(from: string, to: string): number {
  return Date.parse(fromDatetime(to, 3)) - Date.parse(fromDatetime(from, 3));
}
