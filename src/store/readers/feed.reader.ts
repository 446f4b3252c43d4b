import { fromDatetime } from "../../events/instant.js";
import type { SessionEventKind } from "../../events/session-event.js";
import type { SqlReader, SqlValue } from "../database.js";
import { placeholders } from "../statements.js";
import { type Scope, scopeCondition } from "./scope.js";

/** A change as subscribers see it. */
export interface FeedEntry {
  readonly position: number;
  readonly kind: SessionEventKind;
  readonly sessionId: string;
  readonly organizationId: string;
  /** UTC instant, milliseconds. */
  readonly receivedAt: string;
}

/** How far the feed reaches: entries exist for positions in (expired, head]. */
export interface FeedBounds {
  readonly expired: number;
  readonly head: number;
}

/** Some entries in order, and how far the reading came. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** Entries up to here have been removed; where this lies ahead of the position asked for, some are missing. */
  readonly expired: number;
  /** No further entry that was asked for lies between the position asked for and this one. */
  readonly reached: number;
}

/** Positions that are looked through at once for entries of some kind or organization: where there are few, a look to the feed's end is long. */
const positionsAtOnce = 100_000;

/** Reads the numbered part of the feed. */
export class FeedReader {
  /** @param forSubscribers reads what is wanted within a scope, which takes longer where there is little of it */
  constructor(
    private readonly database: SqlReader,
    private readonly forSubscribers: (scope: Scope) => SqlReader = () => database,
  ) {}

  async bounds(): Promise<FeedBounds> {
    const [row] = await this.database.read<{ expired: number | string; head: number | string }>(
      "SELECT expired_position AS expired, last_position AS head FROM feed_head WHERE id = 1",
    );
    return { expired: Number(row?.expired ?? 0), head: Number(row?.head ?? 0) };
  }

  /**
   * The next entries after a position, in order, at most `limit`; all of them, or those within a scope and of some kinds. Entries
   * and bounds are read in one statement, so that what expires meanwhile cannot be missed unnoticed.
   */
  async after(
    position: number,
    limit: number,
    wanted?: { readonly scope: Scope; readonly kinds: readonly SessionEventKind[] },
  ): Promise<FeedPage> {
    const conditions = ["f.position > ?"];
    const parameters: SqlValue[] = [position];
    let end = Infinity;
    if (wanted !== undefined) {
      end = position + positionsAtOnce;
      const scoped = scopeCondition(wanted.scope, "f");
      conditions.push("f.position <= ?", `f.kind IN (${placeholders(wanted.kinds)})`, scoped.sql);
      parameters.push(end, ...wanted.kinds, ...scoped.parameters);
    }
    const database = wanted === undefined ? this.database : this.forSubscribers(wanted.scope);
    const rows = await database.read<PageRow>(
      `SELECT h.expired_position AS expired, h.last_position AS head, f.position, f.kind, f.session_id AS sessionId,
         f.organization_id AS organizationId, f.received_at AS receivedAt
       FROM feed_head h LEFT JOIN session_feed f ON ${conditions.join(" AND ")}
       WHERE h.id = 1 ORDER BY f.position LIMIT ${limit}`,
      parameters,
    );
    const entries = rows.flatMap((row) => (row.position === null ? [] : [toEntry(row)]));
    const far = Math.min(Number(rows[0]?.head ?? 0), end);
    const reached = entries.length === limit ? (entries.at(-1)?.position ?? far) : far;
    return { entries, expired: Number(rows[0]?.expired ?? 0), reached: Math.max(reached, position) };
  }
}

interface PageRow extends Omit<FeedEntry, "position"> {
  readonly position: number | string | null;
  readonly expired: number | string;
  readonly head: number | string;
}

function toEntry({ position, kind, sessionId, organizationId, receivedAt }: PageRow): FeedEntry {
  return {
    position: Number(position),
    kind,
    sessionId,
    organizationId,
    receivedAt: fromDatetime(receivedAt, 3),
  };
}
