import { DateTime, IANAZone } from "luxon";
import { BadInputError } from "../../errors.js";

export type TimeInterval = "hour" | "day" | "week" | "month";

/** A stretch of local time, as UTC instants (ISO 8601, whole seconds): from `from` on, before `to`. */
export interface Bucket {
  readonly from: string;
  readonly to: string;
}

const minute = 60_000;
const hour = 60 * minute;

/**
 * The hours, days, weeks (from Monday) or months of a time zone, with its daylight saving: a day may have 23
 * or 25 hours, and the hour that a clock shows twice is two hours. The database's own time zone tables may be
 * empty and are not asked.
 */
export class TimeBuckets {
  private readonly zone: IANAZone;
  private readonly known = new Map<string, Bucket>();
  private readonly byText = new Map<string, Bucket>();

  /** @throws BadInputError where the time zone is unknown */
  constructor(
    readonly interval: TimeInterval,
    timeZone: string,
  ) {
    this.zone = IANAZone.create(canonicalZone(timeZone));
  }

  /**
   * How many characters of a DATETIME's text tell buckets apart: days where the zone is UTC's, hours of UTC
   * where all the zone's offsets are whole hours, else ten minutes, or minutes.
   */
  get precision(): number {
    const offsets = offsetsOf(this.zone);
    if (this.interval !== "hour" && offsets.every((offset) => offset === 0)) return 10;
    if (offsets.every((offset) => offset % 60 === 0)) return 13;
    return offsets.every((offset) => offset % 10 === 0) ? 15 : 16;
  }

  /** @param text the beginning of a DATETIME's text (UTC); many rows share one, and calendars are slow */
  bucketOf(text: string): Bucket {
    let bucket = this.byText.get(text);
    if (bucket === undefined) {
      bucket = this.findBucket(text);
      this.byText.set(text, bucket);
    }
    return bucket;
  }

  private findBucket(text: string): Bucket {
    const whole = `${text}${"0000-00-00 00:00".slice(text.length)}:00Z`;
    const instant = Date.parse(whole.replace(" ", "T"));
    if (this.interval === "hour") return this.hourOf(instant);
    const name = this.localTime(instant).startOf(this.interval).toISODate() ?? "";
    let bucket = this.known.get(name);
    if (bucket === undefined) {
      const next = DateTime.fromISO(name, { zone: "utc" }).plus({ [this.interval]: 1 });
      const to = this.startOfDay(next.toISODate() ?? "");
      bucket = { from: isoText(this.startOfDay(name)), to: isoText(to) };
      this.known.set(name, bucket);
    }
    return bucket;
  }

  /** What the zone's clocks show then, as if it were UTC: a tenth of the work of a calendar with a zone. */
  private localTime(instant: number): DateTime {
    return DateTime.fromMillis(instant + this.zone.offset(instant) * minute, { zone: "utc" });
  }

  /**
   * The time around an instant in which clocks show one hour, up to where they are changed: Lord Howe's by
   * half an hour.
   */
  private hourOf(instant: number): Bucket {
    const offset = this.zone.offset(instant);
    const shift = offset * minute;
    const from = Math.floor((instant + shift) / hour) * hour - shift;
    const isOther = (at: number) => this.zone.offset(at) !== offset;
    const change = (start: number, end: number, isAfter: (at: number) => boolean) => {
      let at = start;
      while (at < end && !isAfter(at)) at += minute;
      return at;
    };
    const begin = isOther(from) ? change(from, instant, (at) => !isOther(at)) : from;
    return { from: isoText(begin), to: isoText(change(instant, from + hour, isOther)) };
  }

  /** The first instant of a local date, also where midnight is skipped or comes twice. */
  private startOfDay(date: string): number {
    const isBefore = (at: number) => (this.localTime(at).toISODate() ?? "") < date;
    const midnight = DateTime.fromISO(date, { zone: "utc" }).toMillis();
    let instant = midnight - this.zone.offset(midnight) * minute - 2 * hour;
    while (isBefore(instant)) instant += 15 * minute;
    return instant;
  }
}

/**
 * The one name of a time zone among its spellings and aliases: luxon keeps each name that it is given for
 * ever. Offsets such as +05:30, which newer versions of Node take for zones, are none of the IANA database,
 * and too many to keep.
 */
function canonicalZone(name: string): string {
  try {
    if (/^\p{L}/u.test(name))
      return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const rule = "must be a time zone of the IANA database, such as America/New_York";
  throw new BadInputError(`timeZone: ${rule}.`, [{ field: "timeZone", rule }]);
}

const knownOffsets = new WeakMap<IANAZone, readonly number[]>();

/**
 * The offsets (minutes, without their sign) that a zone has had since 1990; luxon keeps one object for each
 * zone.
 */
function offsetsOf(zone: IANAZone): readonly number[] {
  let offsets = knownOffsets.get(zone);
  if (offsets === undefined) {
    offsets = Array.from({ length: 12 * 60 }, (_, month) => Math.abs(zone.offset(Date.UTC(1990, month, 1))));
    knownOffsets.set(zone, offsets);
  }
  return offsets;
}

function isoText(instant: number): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}
