import { BadInputError } from "../errors.js";
import type { Split, StatsRecord } from "../store/readers/stats.reader.js";

/**
 * What of a group of sessions is compared: such as `count`, or `share:sentiment=negative`. The numbers are
 * those of `sessionStats`.
 */
export type Measure = string;

/** Of a group; null where it has none. */
type Value = number | null;

/** A measure, understood. */
export interface ReadMeasure {
  readonly splits: readonly Split[];
  readonly valueOf: (record: StatsRecord) => Value;
}

const plain: Readonly<Record<string, (record: StatsRecord) => Value>> = {
  count: ({ count }) => count,
  "average:messages": ({ messageCount, count }) => messageCount / count,
  "average:duration": ({ seconds, timedCount }) => (timedCount === 0 ? null : seconds / timedCount),
  "share:failed-messages": ({ failedMessageCount, messageCount }) =>
    messageCount === 0 ? null : failedMessageCount / messageCount,
  "share:manual": ({ manualCount, count }) => manualCount / count,
};

const share = /^share:(sentiment|rating)=(.{1,255})$/su;

/** @throws BadInputError where it is none */
export function readMeasure(measure: Measure): ReadMeasure {
  const valueOf = Object.hasOwn(plain, measure) ? plain[measure] : undefined;
  if (valueOf !== undefined) return { splits: [], valueOf };
  const [, split, value = ""] = share.exec(measure) ?? [];
  if (split === undefined) throw new BadInputError(`measure: must be one of ${measureNames.join(", ")}.`);
  const of = split as Split;
  return {
    splits: [of],
    valueOf: ({ sentiments, ratings, count }) =>
      ((of === "sentiment" ? sentiments : ratings).get(value) ?? 0) / count,
  };
}

/** How measures are written. */
export const measureNames = [...Object.keys(plain), "share:sentiment=VALUE", "share:rating=VALUE"] as const;
