const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dayOnly = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const wholeNumber = new Intl.NumberFormat();

/** The viewer's time zone, such as Europe/Berlin. */
export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A date with its time, in the viewer's zone. */
export function formatInstant(instant: string | null): string {
  return instant === null ? "unknown" : dateTime.format(new Date(instant));
}

export function formatTime(instant: string): string {
  return timeOnly.format(new Date(instant));
}

export function formatDay(date: Date): string {
  return dayOnly.format(date);
}

export function formatCount(count: number): string {
  return wholeNumber.format(count);
}

/** A share, 0 to 1, in per cent. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How long something took or is past, in its greatest unit. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h`;
  return `${formatCount(Math.round(seconds / 86_400))} d`;
}

/** A date as the input of type `date` has it, such as 2026-01-31. */
export function toDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
