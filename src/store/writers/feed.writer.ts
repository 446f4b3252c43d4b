import { randomBytes } from "node:crypto";
import { UnavailableError } from "../../errors.js";
import type { Database } from "../database.js";
import type { Transaction } from "../sql/transaction.js";
import { type FeedPlace, toPlace } from "../../events/feed-place.js";
import { overdueKind } from "../../events/registry.js";
import type { ExpectationRow } from "../../model/expectation.js";
import { fromDatetime } from "../../model/instant.js";
import { insertRowsLater, placeholders } from "../sql/statements.js";
import { sessionFeed } from "../sql/tables.js";
import type { EventReceipt } from "./event-receipt.js";

/** How many committed changes get their positions in one transaction. */
const assignedAtOnce = 500;
/** The same, where a delivery waits for it. */
const assignedWithin = 16;
/** Few enough that the assigner, which waits for the same lock, is not held up noticeably. */
const prunedAtOnce = 500;

/** Where changes are told to subscribers and to alarms. */
export type FeedAppender = Pick<FeedWriter, "append" | "assignWithin">;

/** Leaves the numbering to the service that runs beside: it announces what it has numbered. */
export const leftToService = (writer: FeedWriter): FeedAppender => ({
  append: (...change) => writer.append(...change),
  assignWithin: () => Promise.resolve(undefined),
});

/** Tells nobody: what is made anew of known events is no news. */
export const untold: FeedAppender = {
  append: () => Promise.resolve(),
  assignWithin: () => Promise.resolve(undefined),
};

/** What was numbered, once its transaction is committed. */
export interface Assignment {
  /** The events that were numbered. */
  readonly assigned: readonly string[];
  /** Whether these were all. */
  readonly isAll: boolean;
  /** The place that was given last. */
  readonly head: FeedPlace;
  /** When the numbering began, in milliseconds since 1970. */
  readonly begun: number;
}

/** Appends changes to the feed, and numbers them: with their commit, or once they are committed. */
export class FeedWriter {
  constructor(private readonly database: Database) {}

  /** Within the transaction that makes the change; it has no position yet. */
  async append(
    transaction: Transaction,
    session: { readonly id: string; readonly organizationId: string },
    receipt: EventReceipt,
  ): Promise<void> {
    const row = {
      eventId: receipt.id,
      position: null,
      epoch: null,
      organizationId: session.organizationId,
      sessionId: session.id,
      kind: receipt.definition.kind,
      receivedAt: receipt.receivedAt,
    };
    await insertRowsLater(transaction, sessionFeed, [row], "keep");
  }

  /** Within the transaction that opens an expectation; the entry has the expectation's id. */
  async appendOverdue(transaction: Transaction, expectation: ExpectationRow): Promise<void> {
    const { id, organizationId, sessionId, openedAt } = expectation;
    const row = {
      eventId: id,
      position: null,
      epoch: null,
      organizationId,
      sessionId,
      kind: overdueKind,
      receivedAt: openedAt,
    };
    await insertRowsLater(transaction, sessionFeed, [row], "keep");
  }

  /**
   * Gives the next positions to committed changes that have none, in the order of receipt. Auto-increment
   * order is not commit order: a reader at 10 could miss 9, which commits later. Here the lock on feed_head
   * lets one assigner at a time through, across instances, and it numbers only what it can see committed, so
   * no position below the head ever appears later.
   */
  async assignPositions(): Promise<Assignment> {
    return await this.database.transaction(async (transaction) => {
      const assignment = await assign(transaction, transaction.dialect.forUpdate, assignedAtOnce);
      if (assignment === undefined)
        throw new UnavailableError("The feed has no head: is a backup being restored?");
      return assignment;
    });
  }

  /**
   * The same at the end of the transaction that makes a change, with the change itself: the lock is held
   * until its commit, so what holds of positions holds here too. It spares a second commit, and subscribers
   * the wait for it.
   * @returns undefined where somebody else has the lock: then the change is left to {@link assignPositions}
   */
  async assignWithin(transaction: Transaction): Promise<Assignment | undefined> {
    return await assign(transaction, transaction.dialect.forUpdateAtOnce, assignedWithin);
  }

  /** @returns when the oldest change without a position was received, in milliseconds since 1970 */
  async oldestUnnumbered(): Promise<number | undefined> {
    const [row] = await this.database.read<{ oldest: string | null }>(
      "SELECT MIN(received_at) AS oldest FROM session_feed WHERE position IS NULL",
    );
    const oldest = row?.oldest ?? undefined;
    return oldest === undefined ? undefined : Date.parse(fromDatetime(oldest, 3));
  }

  /**
   * Removes entries received before an instant, oldest first, a batch at most; cursors before them have
   * expired from then on. The lock on feed_head lets one instance at a time do so.
   * @returns how many were removed
   */
  async prune(before: string): Promise<number> {
    return await this.database.transaction(async (transaction) => {
      await transaction.query(`SELECT id FROM feed_head WHERE id = 1${transaction.dialect.forUpdate}`);
      const oldest = await transaction.query<{
        position: number | string;
        epoch: string | null;
        receivedAt: string;
      }>(
        `SELECT position, epoch, received_at AS receivedAt FROM session_feed WHERE position IS NOT NULL
         ORDER BY position LIMIT ${prunedAtOnce}`,
      );
      // Positions expire from the front, without holes: the first entry that is young enough keeps what
      // follows it.
      const young = oldest.findIndex(({ receivedAt }) => receivedAt >= before);
      const expired = young === -1 ? oldest : oldest.slice(0, young);
      const last = expired.at(-1);
      if (last === undefined) return 0;
      await transaction.execute("UPDATE feed_head SET expired_position = ?, expired_epoch = ? WHERE id = 1", [
        Number(last.position),
        last.epoch,
      ]);
      await transaction.execute("DELETE FROM session_feed WHERE position <= ?", [Number(last.position)]);
      return expired.length;
    });
  }
}

/**
 * Numbers what is committed, and what the transaction itself has appended.
 * @param lock the end of the SELECT that takes the lock
 * @param most how many changes are numbered, the first received first
 * @returns undefined where the lock is not to be had, or there is no head
 */
async function assign(transaction: Transaction, lock: string, most: number): Promise<Assignment | undefined> {
  const begun = Date.now();
  // They travel together; the second is run once the first has its lock, and sees what is committed then.
  const [[row], waiting] = await Promise.all([
    transaction.query<{ position: number | string; epoch: string | null }>(
      `SELECT last_position AS position, last_epoch AS epoch FROM feed_head WHERE id = 1${lock}`,
    ),
    transaction.query<{ eventId: string }>(
      `SELECT event_id AS eventId FROM session_feed
       WHERE position IS NULL ORDER BY event_id LIMIT ${most}`,
    ),
  ]);
  if (row === undefined) return undefined;
  const head = toPlace(row);
  if (waiting.length === 0) return { assigned: [], isAll: true, head, begun };
  const ids = waiting.map(({ eventId }) => eventId);
  const cases = ids.map(() => "WHEN ? THEN ?").join(" ");
  const epoch = randomBytes(8).toString("hex");
  const last = head.position + ids.length;
  await transaction.later(
    `UPDATE session_feed SET epoch = ?, position = CASE event_id ${cases} END
     WHERE event_id IN (${placeholders(ids)})`,
    [epoch, ...ids.flatMap((id, index) => [id, head.position + index + 1]), ...ids],
  );
  await transaction.later("UPDATE feed_head SET last_position = ?, last_epoch = ? WHERE id = 1", [
    last,
    epoch,
  ]);
  return { assigned: ids, isAll: ids.length < most, head: { position: last, epoch }, begun };
}
