import { CursorExpiredError, UnavailableError } from "../../errors.js";
import { fromDatetime } from "../../model/instant.js";
import type { FeedKind } from "../../events/registry.js";
import type { SqlReader, SqlValue } from "../sql/transaction.js";
import { type FeedPlace, isSamePlace, toPlace } from "../../events/feed-place.js";
import { placeholders } from "../sql/statements.js";
import { type Scope, scopeCondition } from "./scope.js";

/** A change as subscribers see it. */
export interface FeedEntry extends FeedPlace {
  /** The raw event that made the change, or the expectation that opened. */
  readonly eventId: string;
  readonly kind: FeedKind;
  readonly sessionId: string;
  readonly organizationId: string;
  /** UTC instant, milliseconds. */
  readonly receivedAt: string;
}

/** Some entries in order, and how far the reading came. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** No further entry that was asked for lies between the place asked for and this one. */
  readonly reached: FeedPlace;
}

/**
 * Positions that are looked through at once for entries of some kind or organization: where there are few, a
 * look to the feed's end is long.
 */
const positionsAtOnce = 100_000;

/** Reads the numbered part of the feed. */
export class FeedReader {
  /**
   * @param database what clients are shown, which may be a replica
   * @param forSubscribers reads what is wanted within a scope, which takes longer where there is little of it
   * @param current what is committed, wherever it was; undefined where `database` has it at once
   */
  constructor(
    private readonly database: SqlReader,
    private readonly forSubscribers: (scope: Scope) => SqlReader = () => database,
    private readonly current?: SqlReader,
  ) {}

  /** The last place that clients can be shown. */
  async head(): Promise<FeedPlace> {
    return await headOf(this.database);
  }

  /** The place that was given last: a replica may not have it yet. */
  async currentHead(): Promise<FeedPlace> {
    return await headOf(this.current ?? this.database);
  }

  /**
   * The next entries after a place, in order, at most `limit`; all of them, or those within a scope and of
   * some kinds. One statement reads the entries and the place's own epoch, so that neither what expires
   * meanwhile nor another history can pass unnoticed. A place that is committed and not here yet, on a
   * replica that lags, has no entries after it so far.
   * @throws CursorExpiredError where entries after the place have been removed, or the feed has no such place
   * (any more)
   */
  async after(
    place: FeedPlace,
    limit: number,
    wanted?: { readonly scope: Scope; readonly kinds: readonly FeedKind[] },
  ): Promise<FeedPage> {
    const { position } = place;
    const end = position + positionsAtOnce;
    const conditions = ["f.position > ?"];
    const parameters: SqlValue[] = [position, end, position];
    if (wanted !== undefined) {
      const scoped = scopeCondition(wanted.scope, "f");
      conditions.push("f.position <= ?", `f.kind IN (${placeholders(wanted.kinds)})`, scoped.sql);
      parameters.push(end, ...wanted.kinds, ...scoped.parameters);
    }
    const database = wanted === undefined ? this.database : this.forSubscribers(wanted.scope);
    const rows = await database.read<PageRow>(
      `SELECT ${keptColumns},
         (SELECT epoch FROM session_feed WHERE position = ?) AS ownEpoch,
         (SELECT epoch FROM session_feed WHERE position = ?) AS endEpoch,
         f.event_id AS eventId, f.position, f.epoch, f.kind, f.session_id AS sessionId, f.organization_id AS organizationId, f.received_at AS receivedAt
       FROM feed_head h LEFT JOIN session_feed f ON ${conditions.join(" AND ")}
       WHERE h.id = 1 ORDER BY f.position LIMIT ${limit}`,
      parameters,
    );
    const [first] = rows;
    if (first === undefined) throw new UnavailableError(noHead);
    if (!isKept(place, first)) {
      if (!(await this.isCommitted(place))) throw new CursorExpiredError();
      return { entries: [], reached: place };
    }
    const entries = rows.flatMap((row) => (row.position === null ? [] : [toEntry(row, row.position)]));
    const head = toPlace({ position: first.head, epoch: first.headEpoch });
    const isCut = wanted !== undefined && end < head.position;
    const far = isCut ? toPlace({ position: end, epoch: first.endEpoch }) : head;
    return { entries, reached: entries.length === limit ? (entries.at(-1) ?? far) : far };
  }

  /** Whether a place that is not here is in the feed all the same. */
  private async isCommitted(place: FeedPlace): Promise<boolean> {
    const [row] =
      (await this.current?.read<KeptRow>(
        `SELECT ${keptColumns}, (SELECT epoch FROM session_feed WHERE position = ?) AS ownEpoch
         FROM feed_head h WHERE h.id = 1`,
        [place.position],
      )) ?? [];
    return row !== undefined && isKept(place, row);
  }
}

async function headOf(database: SqlReader): Promise<FeedPlace> {
  const [row] = await database.read<StoredPlace>(
    "SELECT last_position AS position, last_epoch AS epoch FROM feed_head WHERE id = 1",
  );
  if (row === undefined) throw new UnavailableError(noHead);
  return toPlace(row);
}

const keptColumns =
  "h.expired_position AS expired, h.expired_epoch AS expiredEpoch, h.last_position AS head, h.last_epoch AS headEpoch";

const noHead = "The feed has no head: is a backup being restored?";

interface StoredPlace {
  readonly position: number | string;
  readonly epoch: string | null;
}

interface KeptRow {
  readonly expired: number | string;
  readonly expiredEpoch: string | null;
  readonly head: number | string;
  readonly headEpoch: string | null;
  readonly ownEpoch: string | null;
}

interface PageRow extends KeptRow, Omit<FeedEntry, "position" | "epoch"> {
  readonly position: number | string | null;
  readonly epoch: string | null;
  readonly endEpoch: string | null;
}

/**
 * Whether the feed has this place, and all entries after it. The rows of the head and of what expired last
 * may be removed.
 */
function isKept(place: FeedPlace, row: KeptRow): boolean {
  const expired = toPlace({ position: row.expired, epoch: row.expiredEpoch });
  const head = toPlace({ position: row.head, epoch: row.headEpoch });
  if (place.position === head.position) return isSamePlace(place, head);
  if (place.position === expired.position) return isSamePlace(place, expired);
  const isWithin = place.position > expired.position && place.position < head.position;
  return isWithin && isSamePlace(place, toPlace({ position: place.position, epoch: row.ownEpoch }));
}

function toEntry(row: PageRow, position: number | string): FeedEntry {
  const { eventId, epoch, kind, sessionId, organizationId, receivedAt } = row;
  return {
    ...toPlace({ position, epoch }),
    eventId,
    kind,
    sessionId,
    organizationId,
    receivedAt: fromDatetime(receivedAt, 3),
  };
}
