/**
 * An instant in microseconds since 1970: a safe integer until the year 2255, where a `Date` would lose three
 * digits.
 */
export type Microseconds = number;

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** As Whippy writes the instants of messages and envelopes: `2025-08-19T06:40:57.416929Z`. */
export function formatMicroseconds(instant: Microseconds): string {
  const milliseconds = Math.floor(instant / 1000);
  const rest = (instant - milliseconds * 1000).toString().padStart(3, "0");
  return `${new Date(milliseconds).toISOString().slice(0, 23)}${rest}Z`;
}

/** As Whippy writes the instants of sessions, in whole seconds: `2025-08-19T06:40:45Z`. */
export function formatSeconds(instant: Microseconds): string {
  return `${new Date(Math.floor(instant / 1000)).toISOString().slice(0, 19)}Z`;
}
