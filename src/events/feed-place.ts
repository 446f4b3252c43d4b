/**
 * A place in the feed. Two places are the same where position and epoch are: then everything up to it is the
 * same, too.
 */
export interface FeedPlace {
  /** 0 stands before the first entry. */
  readonly position: number;
  /** 16 hexadecimal digits: which transaction gave the position (see `FeedHeadRow.lastEpoch`). */
  readonly epoch: string;
}

/** Of the beginning, and of positions that were given before there were epochs. */
const noEpoch = "0".repeat(16);

/** Before the first entry of every feed. */
export const beginning: FeedPlace = { position: 0, epoch: noEpoch };

export function isSamePlace(a: FeedPlace, b: FeedPlace): boolean {
  return a.position === b.position && a.epoch === b.epoch;
}

/** The one that is further on, of two places of one history. */
export function laterPlace(a: FeedPlace, b: FeedPlace): FeedPlace {
  return b.position > a.position ? b : a;
}

/** A place as the database has it. */
export function toPlace(row: {
  readonly position: number | string;
  readonly epoch: string | null;
}): FeedPlace {
  return { position: Number(row.position), epoch: row.epoch ?? noEpoch };
}
