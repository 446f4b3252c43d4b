import { defineTable } from "../table.js";

/** A change of a session that subscribers are told of. */
export interface SessionFeedRow {
  /** The raw event that made the change. */
  eventId: string;
  /** Gapless and in order; null until the assigner has numbered the committed change. */
  position: string | null;
  /** The epoch of its position, see {@link FeedHeadRow.lastEpoch}; null where it was given before there were epochs. */
  epoch: string | null;
  organizationId: string;
  sessionId: string;
  /** STARTED, ENDED or ANALYZED. */
  kind: string;
  receivedAt: string;
}

export const sessionFeed = defineTable<SessionFeedRow>({
  name: "session_feed",
  columns: (types) => ({
    eventId: types.uuid({ primary: true }),
    position: types.bigint({ nullable: true }),
    epoch: types.ascii(16, { nullable: true }),
    organizationId: types.uuid(),
    sessionId: types.uuid(),
    kind: types.ascii(16),
    receivedAt: types.instant(),
  }),
  indices: [{ name: "ux_session_feed_position", columns: ["position"], unique: true }],
});

/** One row: how far positions have been given. Its row lock makes the assigner one at a time, across instances. */
export interface FeedHeadRow {
  /** Always 1. */
  id: number;
  /** The greatest position given; 0 at first. */
  lastPosition: string;
  /**
   * The epoch of that position: random, and another for each transaction that gives positions. A restored backup, or a replica that took
   * over and lacks commits, gives the same positions again, in other epochs.
   */
  lastEpoch: string | null;
  /** The greatest position that retention has removed; cursors before it have expired. */
  expiredPosition: string;
  expiredEpoch: string | null;
}

export const feedHead = defineTable<FeedHeadRow>({
  name: "feed_head",
  columns: (types) => ({
    id: types.integer({ primary: true }),
    lastPosition: types.bigint(),
    lastEpoch: types.ascii(16, { nullable: true }),
    expiredPosition: types.bigint(),
    expiredEpoch: types.ascii(16, { nullable: true }),
  }),
});
