import { v5 as uuidv5 } from "uuid";
import { type Expectation, ExpectationKind, type ExpectationRow } from "../../model/expectation.js";
import { now, toDatetime } from "../../model/instant.js";
import { overdueBit, SessionStatus, statuses } from "../../model/session.js";
import type { Database } from "../database.js";
import { insertRows, placeholders } from "../sql/statements.js";
import { expectations } from "../sql/tables.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import type { FeedWriter } from "./feed.writer.js";

/** The namespace of the ids of expectations. */
const namespace = "8f0a8f0e-5d0e-4c0b-9a55-5a0d6a1c2b7e";

/** What is missing, before anybody has opened it. `subject` tells it from everything else of its kind. */
export type Missing = Omit<ExpectationRow, "id" | "openedAt" | "closedAt"> & { readonly subject: string };

/** A session whose end or analysis may be overdue. */
export interface WaitingSession {
  readonly id: string;
  readonly organizationId: string;
  readonly agentVersionId: string;
  /** The stored status. */
  readonly status: number;
  readonly changedAt: string;
  readonly kindsSeen: number;
}

/** What becomes of a waiting session: it is overdue since an instant, or looked at again then, or never. */
export type Verdict =
  | { readonly kind: "overdue"; readonly dueAt: string }
  | { readonly kind: "wait"; readonly lookAt: string }
  | { readonly kind: "leave" };

/** Opens and closes expectations. */
export class ExpectationWriter {
  constructor(
    private readonly database: Database,
    private readonly feed: FeedWriter,
  ) {}

  /**
   * Judges those of these sessions that wait still. Their locks keep events away: one that comes later sees
   * what was opened, and closes it.
   * @returns how many expectations were opened
   */
  async judge(
    ids: readonly string[],
    at: string,
    verdictOn: (session: WaitingSession) => Verdict,
  ): Promise<number> {
    if (ids.length === 0) return 0;
    return await this.database.transaction(async (transaction) => {
      const waiting = await transaction.query<WaitingSession>(
        `SELECT id, organization_id AS organizationId, agent_version_id AS agentVersionId, lifecycle AS status,
           changed_at AS changedAt, kinds_seen AS kindsSeen FROM sessions
         WHERE id IN (${placeholders(ids)}) AND look_at <= ? ORDER BY id${transaction.dialect.forUpdate}`,
        [...ids, at],
      );
      let opened = 0;
      for (const session of waiting) {
        const verdict = verdictOn(session);
        if (verdict.kind === "overdue")
          opened += await this.openOfSession(transaction, session, verdict.dueAt, at);
        const lookAt = verdict.kind === "wait" ? verdict.lookAt : null;
        await transaction.later("UPDATE sessions SET look_at = ? WHERE id = ?", [lookAt, session.id]);
      }
      return opened;
    });
  }

  /** @returns how many of these were not known yet */
  async open(missing: readonly Missing[], at: string): Promise<number> {
    if (missing.length === 0) return 0;
    return await this.database.transaction(async (transaction) => {
      let opened = 0;
      for (const each of missing) opened += await this.insert(transaction, each, at);
      return opened;
    });
  }

  /** Closes expectations that are open, by their ids. */
  async close(ids: readonly string[], at: string): Promise<void> {
    if (ids.length === 0) return;
    await this.database.transaction((transaction) =>
      transaction.execute(
        `UPDATE expectations SET closed_at = ? WHERE id IN (${placeholders(ids)}) AND closed_at IS NULL`,
        [at, ...ids],
      ),
    );
  }

  private async openOfSession(
    transaction: Transaction,
    session: WaitingSession,
    dueAt: string,
    at: string,
  ): Promise<number> {
    const isEnded = session.status === statuses.indexOf(SessionStatus.ENDED) + 1;
    const opened = await this.insert(
      transaction,
      {
        kind: isEnded ? ExpectationKind.ANALYSIS : ExpectationKind.END,
        subject: session.id,
        organizationId: session.organizationId,
        sessionId: session.id,
        agentVersionId: session.agentVersionId,
        question: null,
        since: session.changedAt,
        dueAt,
      },
      at,
    );
    // Also where it is known: a session that was made anew does not know of it.
    const kindsSeen = session.kindsSeen | overdueBit;
    await transaction.later("UPDATE sessions SET kinds_seen = ? WHERE id = ?", [kindsSeen, session.id]);
    return opened;
  }

  /** Whoever inserts the row tells of it; it is there already where another instance did, or did before. */
  private async insert(
    transaction: Transaction,
    { subject, ...missing }: Missing,
    at: string,
  ): Promise<number> {
    const id = uuidv5(`${missing.kind} ${subject}`, namespace);
    const row: ExpectationRow = { id, ...missing, openedAt: at, closedAt: null };
    const added = await insertRows(transaction, expectations, [row], "keep");
    if (added > 0) await this.feed.appendOverdue(transaction, row);
    return added;
  }
}

/**
 * Closes what a session's new status brings, within the transaction of the event that brought it. The caller
 * holds the session's lock.
 * @param status the stored one
 */
export async function closeOfSession(
  transaction: Transaction,
  sessionId: string,
  status: number,
): Promise<void> {
  const isAnalyzed = status === statuses.length;
  const kinds: Expectation["kind"][] = isAnalyzed
    ? [ExpectationKind.END, ExpectationKind.ANALYSIS]
    : [ExpectationKind.END];
  await transaction.later(
    `UPDATE expectations SET closed_at = ?
     WHERE session_id = ? AND kind IN (${placeholders(kinds)}) AND closed_at IS NULL`,
    [toDatetime(now()), sessionId, ...kinds] satisfies SqlValue[],
  );
}
