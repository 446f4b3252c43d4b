import { UnavailableError } from "../../errors.js";
import { toDatetime } from "../../model/instant.js";
import type { Logger } from "../../logger.js";
import { PeriodicTask } from "../../periodic-task.js";
import type { Database } from "../database.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import type { SessionRow } from "../../model/session.js";
import { listedMessages } from "../sql/listing.js";
import { placeholders, selectList, slicesOf } from "../sql/statements.js";
import { sessions } from "../sql/tables.js";

/** What one run of the retention deleted. */
export interface Retired {
  readonly sessions: number;
  readonly rawEvents: number;
  readonly auditEntries: number;
}

/** After how many days what is deleted; undefined: never. */
export interface Ages {
  /** Sessions that no event has changed for so long, and raw events of no session. */
  readonly sessions: number | undefined;
  readonly auditLog: number | undefined;
}

/** Few enough that a transaction is short, unless they have thousands of messages each. */
const sessionsAtOnce = 100;
const rowsAtOnce = 500;
const everyMilliseconds = 3_600_000;
/**
 * No index of sessions and raw events is in the order of age: where hardly any session is old enough, the
 * search passes over all of them.
 */
const searchMilliseconds = 600_000;

/**
 * Deletes what has not changed for longer than it may be kept. Several instances may run it at once: each row
 * is deleted once.
 */
export class Retention {
  private readonly task: PeriodicTask;
  private succeededAt: number | undefined;
  private readonly all = { sessions: 0, rawEvents: 0, auditEntries: 0 };

  constructor(
    private readonly database: Database,
    private readonly ages: Ages,
    private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(() => this.run(), {
      everyMilliseconds,
      logger,
      failure: "the retention could not run; trying again within the hour",
    });
  }

  /** What was deleted since the start. */
  get retired(): Retired {
    return this.all;
  }

  /** When a run was finished last, in milliseconds since 1970. */
  get lastSuccess(): number | undefined {
    return this.succeededAt;
  }

  /** Now, and then every hour; a run that takes longer goes on alone. */
  start(): void {
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
  }

  async retire(): Promise<Retired> {
    const { sessions, auditLog } = this.ages;
    const before = sessions === undefined ? undefined : daysAgo(sessions);
    return {
      sessions: before === undefined ? 0 : await this.retireSessions(before),
      rawEvents: before === undefined ? 0 : await this.retireEvents(before),
      auditEntries: auditLog === undefined ? 0 : await this.retireAuditEntries(daysAgo(auditLog)),
    };
  }

  private async run(): Promise<void> {
    const retired = await this.retire();
    this.all.sessions += retired.sessions;
    this.all.rawEvents += retired.rawEvents;
    this.all.auditEntries += retired.auditEntries;
    this.succeededAt = Date.now();
    if (retired.sessions + retired.rawEvents + retired.auditEntries > 0)
      this.logger.info(retired, "deleted by age");
  }

  private async retireSessions(before: string): Promise<number> {
    let count = 0;
    let atOnce = sessionsAtOnce;
    while (!this.task.isStopped) {
      const ids = await this.search(`SELECT id FROM sessions WHERE changed_at < ? LIMIT ${atOnce}`, before);
      if (ids.length === 0) break;
      try {
        count += await this.database.transaction((transaction) => deleteSessions(transaction, ids, before));
      } catch (error) {
        if (!(error instanceof UnavailableError) || ids.length === 1) throw error;
        atOnce = Math.ceil(ids.length / 2);
      }
    }
    return count;
  }

  /** Those of no session; a session's own go with it. */
  private async retireEvents(before: string): Promise<number> {
    let count = 0;
    while (!this.task.isStopped) {
      const ids = await this.search(
        `SELECT id FROM webhook_events WHERE session_id IS NULL AND received_at < ? ORDER BY id LIMIT ${rowsAtOnce}`,
        before,
      );
      if (ids.length === 0) break;
      // One that was replayed meanwhile, and is understood by now, is its session's.
      count += await this.database.transaction((transaction) =>
        transaction.execute(
          `DELETE FROM webhook_events WHERE id IN (${placeholders(ids)}) AND session_id IS NULL`,
          ids,
        ),
      );
    }
    return count;
  }

  private async retireAuditEntries(before: string): Promise<number> {
    let count = 0;
    while (!this.task.isStopped) {
      const ids = await this.search(
        `SELECT id FROM audit_log WHERE at < ? ORDER BY at LIMIT ${rowsAtOnce}`,
        before,
      );
      if (ids.length === 0) break;
      ids.sort();
      count += await this.database.transaction((transaction) => deleteRows(transaction, "audit_log", ids));
    }
    return count;
  }

  /**
   * On a connection that writes: on one that reads the server ends what takes longer than a client's question
   * may.
   */
  private async search(sql: string, before: string): Promise<string[]> {
    return await this.database.transaction(
      (transaction) => idsOf(transaction, sql, [before]),
      searchMilliseconds,
    );
  }
}

/**
 * Deletes those of the sessions found that are as old still: an event may have come since. Locks are taken in
 * the order of events, sessions before messages. A raw event that waits for its session meanwhile is not
 * seen, nor waited for: it makes the session anew. The feed keeps its entries, which hold ids alone, until
 * its own retention: its positions have no gaps.
 * @returns how many were deleted
 */
async function deleteSessions(
  transaction: Transaction,
  found: readonly string[],
  before: string,
): Promise<number> {
  const lock = transaction.dialect.forUpdate;
  const old = await transaction.query<Pick<SessionRow, "id" | "clusterKey">>(
    `SELECT ${selectList(sessions, "s", ["id", "clusterKey"])} FROM sessions s
     WHERE s.id IN (${placeholders(found)}) AND s.changed_at < ? ORDER BY s.id${lock}`,
    [...found, before],
  );
  if (old.length === 0) return 0;
  const ids = old.map(({ id }) => id);
  const among = `IN (${placeholders(ids)})`;
  const joined = await idsOf(
    transaction,
    `SELECT DISTINCT m.id FROM ${listedMessages} WHERE s.id ${among} ORDER BY m.id`,
    ids,
  );
  const events = await idsOf(transaction, `SELECT id FROM webhook_events WHERE session_id ${among}`, ids);
  for (const slice of slicesOf(joined)) {
    await transaction.query(
      `SELECT id FROM messages WHERE id IN (${placeholders(slice)}) ORDER BY id${lock}`,
      slice,
    );
  }
  await transaction.execute(
    `DELETE FROM session_messages WHERE session_key ${among}`,
    old.map(({ clusterKey }) => clusterKey),
  );
  const hanging = ["analysis_answers", "analyses", "session_parties", "session_terms"];
  for (const table of [...hanging, "expectations"])
    await transaction.execute(`DELETE FROM ${table} WHERE session_id ${among}`, ids);
  await transaction.execute(`DELETE FROM sessions WHERE id ${among}`, ids);
  await deleteRows(transaction, "webhook_events", events);
  for (const slice of slicesOf(joined)) {
    // A message of a conversation may be another session's too. Who joins it now waits for our lock, and
    // finds it gone.
    const shared = await idsOf(
      transaction,
      `SELECT DISTINCT m.id FROM ${listedMessages} WHERE m.id IN (${placeholders(slice)})`,
      slice,
    );
    const kept = new Set(shared);
    await deleteRows(
      transaction,
      "messages",
      slice.filter((id) => !kept.has(id)),
    );
  }
  return ids.length;
}

/** @returns how many there were */
async function deleteRows(transaction: Transaction, table: string, ids: readonly string[]): Promise<number> {
  let count = 0;
  for (const slice of slicesOf(ids))
    count += await transaction.execute(`DELETE FROM ${table} WHERE id IN (${placeholders(slice)})`, slice);
  return count;
}

async function idsOf(
  transaction: Transaction,
  sql: string,
  parameters: readonly SqlValue[],
): Promise<string[]> {
  const rows = await transaction.query<{ id: string }>(sql, parameters);
  return rows.map(({ id }) => id);
}

function daysAgo(days: number): string {
  return toDatetime(new Date(Date.now() - days * 86_400_000).toISOString());
}
