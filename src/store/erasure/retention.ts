import { toDatetime } from "../../events/instant.js";
import type { Logger } from "../../logger.js";
import type { Database, Transaction } from "../database.js";
import { placeholders } from "../statements.js";

/** What one run of the retention deleted. */
export interface Retired {
  readonly sessions: number;
  readonly rawEvents: number;
}

/** Few enough that a transaction is short. */
const sessionsAtOnce = 100;
const eventsAtOnce = 500;
const runMilliseconds = 3_600_000;
/** No index is in the order of age: where hardly any session is old enough, the search passes over all of them. */
const searchMilliseconds = 600_000;

/** Deletes what has not changed for longer than it may be kept. Several instances may run it at once: each row is deleted once. */
export class Retention {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly database: Database,
    private readonly days: number,
    private readonly logger: Logger,
  ) {}

  /** Now, and then every hour. */
  start(): void {
    const run = () => {
      this.running = this.retire().then(
        (retired) => {
          if (retired.sessions + retired.rawEvents > 0) this.logger.info(retired, "deleted by age");
        },
        (err: unknown) => {
          this.logger.warn({ err }, "the retention could not run; trying again within the hour");
        },
      );
    };
    this.timer = setInterval(run, runMilliseconds);
    run();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async retire(): Promise<Retired> {
    const before = toDatetime(new Date(Date.now() - this.days * 86_400_000).toISOString());
    return { sessions: await this.retireSessions(before), rawEvents: await this.retireEvents(before) };
  }

  private async retireSessions(before: string): Promise<number> {
    let count = 0;
    while (!this.isStopped) {
      const ids = await this.search(
        `SELECT id FROM sessions WHERE updated_at < ? LIMIT ${sessionsAtOnce}`,
        before,
      );
      if (ids.length === 0) break;
      ids.sort();
      await this.database.transaction((transaction) => deleteSessions(transaction, ids));
      count += ids.length;
    }
    return count;
  }

  /** Those of no session; a session's own go with it. */
  private async retireEvents(before: string): Promise<number> {
    let count = 0;
    while (!this.isStopped) {
      const ids = await this.search(
        `SELECT id FROM webhook_events WHERE session_id IS NULL AND received_at < ? ORDER BY id LIMIT ${eventsAtOnce}`,
        before,
      );
      if (ids.length === 0) break;
      await this.database.transaction((transaction) =>
        transaction.execute(`DELETE FROM webhook_events WHERE id IN (${placeholders(ids)})`, ids),
      );
      count += ids.length;
    }
    return count;
  }

  /** On a connection that writes: on one that reads the server ends what takes longer than a client's question may. */
  private async search(sql: string, before: string): Promise<string[]> {
    const rows = await this.database.transaction(
      (transaction) => transaction.query<{ id: string }>(sql, [before]),
      searchMilliseconds,
    );
    return rows.map(({ id }) => id);
  }
}

/** The feed keeps its entries, which hold ids alone, until its own retention: its positions have no gaps. */
async function deleteSessions(transaction: Transaction, ids: readonly string[]): Promise<void> {
  const among = `IN (${placeholders(ids)})`;
  const joined = await transaction.query<{ id: string }>(
    `SELECT DISTINCT message_id AS id FROM session_messages WHERE session_id ${among}`,
    ids,
  );
  for (const table of [
    "analysis_answers",
    "analyses",
    "session_messages",
    "session_terms",
    "webhook_events",
  ]) {
    await transaction.execute(`DELETE FROM ${table} WHERE session_id ${among}`, ids);
  }
  await transaction.execute(`DELETE FROM sessions WHERE id ${among}`, ids);
  for (let start = 0; start < joined.length; start += eventsAtOnce) {
    const slice = joined.slice(start, start + eventsAtOnce).map(({ id }) => id);
    // A message of a conversation may be another session's too.
    const shared = await transaction.query<{ id: string }>(
      `SELECT DISTINCT message_id AS id FROM session_messages WHERE message_id IN (${placeholders(slice)})`,
      slice,
    );
    const kept = new Set(shared.map(({ id }) => id));
    const orphans = slice.filter((id) => !kept.has(id));
    if (orphans.length > 0)
      await transaction.execute(`DELETE FROM messages WHERE id IN (${placeholders(orphans)})`, orphans);
  }
}
