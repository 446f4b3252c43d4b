import { CursorExpiredError } from "../../errors.js";
import { beginning, type FeedPlace } from "../../events/feed-place.js";
import { overdueKind } from "../../events/registry.js";
import { ExpectationKind } from "../../model/expectation.js";
import { toDatetime } from "../../model/instant.js";
import type { Database } from "../database.js";
import { type FeedEntry, FeedReader } from "../readers/feed.reader.js";
import { insertRows } from "../sql/statements.js";
import { deliveryHours, serviceSettings } from "../sql/tables.js";
import type { Transaction } from "../sql/transaction.js";

const settingName = "expectations_place";
/** Entries that are counted in one transaction. */
const entriesAtOnce = 500;

/** What an organization sent last. */
export interface LastDelivery {
  readonly organizationId: string;
  readonly hour: string;
}

/** What an organization sent within an hour. */
export interface CountedHour {
  readonly hour: string;
  readonly count: number;
  readonly lastAt: string;
  readonly lastSessionId: string;
}

/** Counts what each organization sends in each hour, by following the feed. */
export class DeliveryHours {
  constructor(private readonly database: Database) {}

  /**
   * Counts the next entries of the feed, each once, whichever instance does: place and counts are written
   * together, under a lock. What is heard of an organization ends its silence, unless it was received before:
   * a dead letter that is replayed is no sign of life.
   * @returns whether there may be more
   */
  async countOn(at: string): Promise<boolean> {
    return await this.database.transaction(async (transaction) => {
      const reader = new FeedReader({
        dialect: transaction.dialect,
        read: (sql, parameters) => transaction.query(sql, parameters),
      });
      const place = await lockPlace(transaction, reader);
      const page = await readOn(reader, place);
      if (page === undefined) {
        await savePlace(transaction, await reader.head());
        return true;
      }
      const entries = page.entries.filter(({ kind }) => kind !== overdueKind);
      const hours = [...hoursOf(entries)].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [, hour] of hours) await addTo(transaction, hour);
      for (const [organizationId, last] of lastOf(hours.map(([, hour]) => hour)))
        await endSilence(transaction, organizationId, last, at);
      if (page.reached.position !== place.position) await savePlace(transaction, page.reached);
      return page.entries.length === entriesAtOnce;
    });
  }

  /** The last hour of each organization in which it sent anything. */
  async lastOfEach(): Promise<LastDelivery[]> {
    return await this.database.read<LastDelivery>(
      "SELECT organization_id AS organizationId, MAX(hour) AS hour FROM delivery_hours GROUP BY organization_id",
    );
  }

  /** The hours of an organization, from one on, in order. */
  async since(organizationId: string, hour: string): Promise<CountedHour[]> {
    return await this.database.read<CountedHour>(
      `SELECT hour, count, last_at AS lastAt, last_session_id AS lastSessionId FROM delivery_hours
       WHERE organization_id = ? AND hour >= ? ORDER BY hour`,
      [organizationId, hour],
    );
  }

  /** Deletes hours that are too long ago to say what is usual. */
  async forget(organizationId: string, before: string): Promise<void> {
    await this.database.transaction((transaction) =>
      transaction.execute("DELETE FROM delivery_hours WHERE organization_id = ? AND hour < ?", [
        organizationId,
        before,
      ]),
    );
  }
}

/** Takes the lock that lets one instance at a time count. It begins at the feed's end. */
async function lockPlace(transaction: Transaction, reader: FeedReader): Promise<FeedPlace> {
  const read = async () => {
    const [row] = await transaction.query<{ value: string }>(
      `SELECT value FROM service_settings WHERE name = ?${transaction.dialect.forUpdate}`,
      [settingName],
    );
    return row === undefined ? undefined : (JSON.parse(row.value) as FeedPlace);
  };
  const known = await read();
  if (known !== undefined) return known;
  const value = JSON.stringify(await reader.head());
  await insertRows(transaction, serviceSettings, [{ name: settingName, value }], "keep");
  return (await read()) ?? beginning;
}

async function savePlace(transaction: Transaction, { position, epoch }: FeedPlace): Promise<void> {
  await transaction.later("UPDATE service_settings SET value = ? WHERE name = ?", [
    JSON.stringify({ position, epoch }),
    settingName,
  ]);
}

/** @returns undefined where the feed has no such place any more, as after the restoring of a backup */
async function readOn(reader: FeedReader, place: FeedPlace) {
  try {
    return await reader.after(place, entriesAtOnce);
  } catch (error) {
    if (error instanceof CursorExpiredError) return undefined;
    throw error;
  }
}

interface Counted {
  readonly organizationId: string;
  readonly hour: string;
  count: number;
  lastAt: string;
  lastSessionId: string;
}

function hoursOf(entries: readonly FeedEntry[]): Map<string, Counted> {
  const hours = new Map<string, Counted>();
  for (const { organizationId, sessionId, receivedAt } of entries) {
    const lastAt = toDatetime(receivedAt);
    const hour = lastAt.slice(0, "2026-01-31 12".length);
    const key = `${organizationId} ${hour}`;
    const known = hours.get(key) ?? { organizationId, hour, count: 0, lastAt, lastSessionId: sessionId };
    hours.set(key, known);
    known.count += 1;
    if (lastAt >= known.lastAt) Object.assign(known, { lastAt, lastSessionId: sessionId });
  }
  return hours;
}

/** When what is counted of each organization was received last. */
function lastOf(hours: readonly Counted[]): Map<string, string> {
  const last = new Map<string, string>();
  for (const { organizationId, lastAt } of hours)
    if (lastAt > (last.get(organizationId) ?? "")) last.set(organizationId, lastAt);
  return last;
}

/** What is counted late may be older than what is known to be the hour's last. */
async function addTo(transaction: Transaction, row: Counted): Promise<void> {
  const { organizationId, hour, count, lastAt, lastSessionId } = row;
  // MySQL assigns from left to right: the session first, as long as the old instant is there.
  const updated = await transaction.execute(
    `UPDATE delivery_hours SET count = count + ?,
       last_session_id = CASE WHEN last_at <= ? THEN ? ELSE last_session_id END,
       last_at = CASE WHEN last_at <= ? THEN ? ELSE last_at END
     WHERE organization_id = ? AND hour = ?`,
    [count, lastAt, lastSessionId, lastAt, lastAt, organizationId, hour],
  );
  if (updated === 0) await insertRows(transaction, deliveryHours, [row]);
}

async function endSilence(
  transaction: Transaction,
  organizationId: string,
  last: string,
  at: string,
): Promise<void> {
  await transaction.later(
    `UPDATE expectations SET closed_at = ?
     WHERE organization_id = ? AND kind = ? AND closed_at IS NULL AND since < ?`,
    [at, organizationId, ExpectationKind.DELIVERY, last],
  );
}
