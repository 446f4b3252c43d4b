import { fromDatetime } from "../../events/instant.js";
import type { SessionEventKind } from "../../events/session-event.js";
import type { SqlReader } from "../database.js";
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

/** Reads the numbered part of the feed. */
export class FeedReader {
  constructor(private readonly database: SqlReader) {}

  async bounds(): Promise<FeedBounds> {
    const [row] = await this.database.read<{ expired: number | string; head: number | string }>(
      "SELECT expired_position AS expired, last_position AS head FROM feed_head WHERE id = 1",
    );
    return { expired: Number(row?.expired ?? 0), head: Number(row?.head ?? 0) };
  }

  /** Entries with `after` < position ≤ `upTo` within the scope, of these kinds, in order, at most `limit`. */
  async range(
    scope: Scope,
    range: { readonly after: number; readonly upTo: number; readonly limit: number },
    kinds: readonly SessionEventKind[],
  ): Promise<FeedEntry[]> {
    const scoped = scopeCondition(scope, "f");
    const rows = await this.database.read<Omit<FeedEntry, "position"> & { position: number | string }>(
      `SELECT f.position, f.kind, f.session_id AS sessionId, f.organization_id AS organizationId, f.received_at AS receivedAt
       FROM session_feed f
       WHERE f.position > ? AND f.position <= ? AND f.kind IN (${placeholders(kinds)}) AND ${scoped.sql}
       ORDER BY f.position LIMIT ${range.limit}`,
      [range.after, range.upTo, ...kinds, ...scoped.parameters],
    );
    return rows.map((row) => ({
      ...row,
      position: Number(row.position),
      receivedAt: fromDatetime(row.receivedAt, 3),
    }));
  }
}
