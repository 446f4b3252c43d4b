import type { FeedPlace } from "../events/feed-place.js";
import { AlertMessage, type AlertMessageRow, type AlertRuleRow } from "../model/alert.js";
import { propertiesOf } from "../model/declare.js";
import { datetimeAfter, fromDatetime } from "../model/instant.js";
import type { Database } from "./database.js";
import { insertRows, placeholders, selectList } from "./sql/statements.js";
import { alertMessages } from "./sql/tables.js";
import type { Transaction } from "./sql/transaction.js";

/** How long a message is tried, from its receipt on, or from when it was put down. */
export const patienceMilliseconds = 24 * 3_600_000;

const parkedMilliseconds = 7 * 24 * 3_600_000;
const mostParked = 10_000;
const deletedAtOnce = 500;

/** What is to be sent, before it has its place among the rule's messages. */
export type NewAlertMessage = Omit<AlertMessageRow, "ruleId" | "ordinal" | "giveUpAt" | "parkedAt">;

/** How far a rule has come in the feed, and what it found to tell on the way. */
export interface Advance {
  readonly ruleId: string;
  readonly from: FeedPlace;
  readonly to: FeedPlace;
  /** The feed did not go on from there. */
  readonly isGap: boolean;
  readonly messages: readonly NewAlertMessage[];
}

/** How many messages of a rule there are. */
export interface AlertCounts {
  readonly ruleId: string;
  readonly waiting: number;
  readonly parked: number;
  /** When the oldest one that waits was put down, or tried once more by hand. */
  readonly oldest: string | null;
}

/** An attempt that failed. */
export interface FailedAttempt {
  readonly message: Pick<AlertMessageRow, "id" | "ruleId">;
  readonly lease: string;
  readonly at: string;
  readonly error: string;
  /** No attempt before, unless the message was parked: then the next one may fare better. */
  readonly nextAt: string;
}

/**
 * The messages that wait for their receivers, with what the rules know of their sending. Whatever decides
 * about a message is one conditional statement, so any number of instances may work on it.
 */
export class AlertOutbox {
  constructor(private readonly database: Database) {}

  /**
   * Moves rules on in the feed, and puts down what they tell: both or neither. A rule that another instance
   * has moved meanwhile stays as that one left it.
   * @returns how many messages were added
   */
  async advance(advances: readonly Advance[], at: string): Promise<number> {
    if (advances.length === 0) return 0;
    return await this.database.transaction(async (transaction) => {
      let added = 0;
      for (const { ruleId, from, to, isGap, messages } of advances) {
        const moved = await transaction.execute(
          `UPDATE alert_rules SET position = ?, epoch = ?, gaps = gaps + ?, ordinal = ordinal + ?
           WHERE id = ? AND position = ? AND epoch = ?`,
          [to.position, to.epoch, Number(isGap), messages.length, ruleId, from.position, from.epoch],
        );
        if (moved > 0) added += await insert(transaction, ruleId, messages, at);
      }
      return added;
    });
  }

  /**
   * Takes a rule whose statistic was not judged since an instant, for one instance.
   * @returns whether this one has it
   */
  async claimJudgement(ruleId: string, at: string, since: string): Promise<boolean> {
    const claimed = await this.database.transaction((transaction) =>
      transaction.execute(
        "UPDATE alert_rules SET judged_at = ? WHERE id = ? AND (judged_at IS NULL OR judged_at <= ?)",
        [at, ruleId, since],
      ),
    );
    return claimed > 0;
  }

  /** @param crossed JSON, the state that the messages tell of; nothing is kept where the claim is lost */
  async keepJudgement(
    ruleId: string,
    claimedAt: string,
    crossed: string,
    messages: readonly NewAlertMessage[],
  ): Promise<number> {
    return await this.database.transaction(async (transaction) => {
      const kept = await transaction.execute(
        "UPDATE alert_rules SET crossed = ?, ordinal = ordinal + ? WHERE id = ? AND judged_at = ?",
        [crossed, messages.length, ruleId, claimedAt],
      );
      return kept > 0 ? await insert(transaction, ruleId, messages, claimedAt) : 0;
    });
  }

  /** How many of a rule's messages wait. */
  async waiting(ruleId: string): Promise<number> {
    const [row] = await this.database.read<{ count: number | string }>(
      "SELECT COUNT(*) AS count FROM alert_messages WHERE rule_id = ? AND parked_at IS NULL",
      [ruleId],
    );
    return Number(row?.count ?? 0);
  }

  /**
   * Rules that have something to send now, and that nobody sends for: those first whose receivers were well,
   * and of these who waits longest.
   */
  async due(at: string): Promise<Pick<AlertRuleRow, "id" | "failures">[]> {
    return await this.database.read(
      `SELECT r.id, r.failures FROM alert_rules r
       WHERE (r.next_at IS NULL OR r.next_at <= ?) AND (r.leased_until IS NULL OR r.leased_until <= ?)
         AND EXISTS (SELECT 1 FROM alert_messages m WHERE m.rule_id = r.id AND m.parked_at IS NULL)
       ORDER BY r.failures, r.last_sent_at, r.id`,
      [at, at],
    );
  }

  /** @returns whether this instance may send the rule's messages until then */
  async lease(ruleId: string, at: string, until: string): Promise<boolean> {
    const leased = await this.database.transaction((transaction) =>
      transaction.execute(
        `UPDATE alert_rules SET leased_until = ? WHERE id = ? AND (next_at IS NULL OR next_at <= ?)
           AND (leased_until IS NULL OR leased_until <= ?)`,
        [until, ruleId, at, at],
      ),
    );
    return leased > 0;
  }

  async release(ruleId: string, lease: string): Promise<void> {
    await this.database.transaction((transaction) =>
      transaction.execute("UPDATE alert_rules SET leased_until = NULL WHERE id = ? AND leased_until = ?", [
        ruleId,
        lease,
      ]),
    );
  }

  /** The rule's next message. */
  async next(ruleId: string): Promise<AlertMessageRow | undefined> {
    // Of what another node of a cluster shows, the first may have been sent and deleted already.
    const database = this.database.current ?? this.database;
    const [row] = await database.read<AlertMessageRow>(
      `SELECT ${columns} FROM alert_messages m WHERE m.rule_id = ? AND m.parked_at IS NULL
       ORDER BY m.ordinal LIMIT 1`,
      [ruleId],
    );
    return row;
  }

  /** The receiver has taken it. @returns whether the lease was renewed; it may have been lost */
  async sent(
    message: AlertMessageRow,
    lease: { readonly from: string; readonly to: string },
    at: string,
  ): Promise<boolean> {
    return await this.database.transaction(async (transaction) => {
      await transaction.later("DELETE FROM alert_messages WHERE id = ?", [message.id]);
      const renewed = await transaction.execute(
        `UPDATE alert_rules SET failures = 0, next_at = NULL, last_error = NULL, last_sent_at = ?,
           leased_until = ? WHERE id = ? AND leased_until = ?`,
        [at, lease.to, message.ruleId, lease.from],
      );
      return renewed > 0;
    });
  }

  /**
   * Parks the message where it was tried long enough, and gives the lease back. Those behind it are as old,
   * maybe, but have not been tried.
   * @returns how many messages were parked
   */
  async failed({ message, lease, at, error, nextAt }: FailedAttempt): Promise<number> {
    return await this.database.transaction(async (transaction) => {
      const parked = await transaction.execute(
        "UPDATE alert_messages SET parked_at = ? WHERE id = ? AND parked_at IS NULL AND give_up_at <= ?",
        [at, message.id, at],
      );
      await transaction.execute(
        `UPDATE alert_rules SET failures = failures + 1, next_at = ?, last_error = ?, leased_until = NULL
         WHERE id = ? AND leased_until = ?`,
        [parked > 0 ? at : nextAt, error, message.ruleId, lease],
      );
      return parked;
    });
  }

  /** Says why a rule finds nothing to tell, where it shows: until its next message is sent. */
  async note(ruleId: string, error: string): Promise<void> {
    await this.database.transaction((transaction) =>
      transaction.execute("UPDATE alert_rules SET last_error = ? WHERE id = ?", [error, ruleId]),
    );
  }

  /** Its receiver is known to be well: what waits need wait no longer. */
  async hurry(ruleId: string): Promise<void> {
    await this.database.transaction((transaction) =>
      transaction.execute("UPDATE alert_rules SET failures = 0, next_at = NULL WHERE id = ?", [ruleId]),
    );
  }

  /**
   * Sends what was given up once more, in its old order, after what waits: a message that no receiver takes
   * would keep the others waiting for another day.
   * @returns how many messages these are
   */
  async retry(ruleId: string, at: string): Promise<number> {
    return await this.database.transaction(async (transaction) => {
      const [rule] = await transaction.query<{ ordinal: number | string }>(
        `SELECT ordinal FROM alert_rules WHERE id = ?${transaction.dialect.forUpdate}`,
        [ruleId],
      );
      const [parked] = await transaction.query<Record<"first" | "last", number | string | null>>(
        `SELECT MIN(ordinal) AS first, MAX(ordinal) AS last FROM alert_messages
         WHERE rule_id = ? AND parked_at IS NOT NULL`,
        [ruleId],
      );
      const { first = null, last = null } = parked ?? {};
      if (rule === undefined || first === null || last === null) return 0;
      const behind = Number(rule.ordinal) - Number(first) + 1;
      await transaction.execute(
        "UPDATE alert_rules SET failures = 0, next_at = NULL, ordinal = ? WHERE id = ?",
        [Number(last) + behind, ruleId],
      );
      return await transaction.execute(
        `UPDATE alert_messages SET parked_at = NULL, give_up_at = ?, ordinal = ordinal + ?
         WHERE rule_id = ? AND parked_at IS NOT NULL`,
        [datetimeAfter(at, patienceMilliseconds), behind, ruleId],
      );
    });
  }

  /** Of each rule that has messages. */
  async counts(): Promise<AlertCounts[]> {
    const rows = await this.database.read<{
      readonly ruleId: string;
      readonly waiting: number | string;
      readonly parked: number | string;
      readonly giveUpAt: string | null;
    }>(
      `SELECT rule_id AS ruleId, SUM(CASE WHEN parked_at IS NULL THEN 1 ELSE 0 END) AS waiting,
         SUM(CASE WHEN parked_at IS NULL THEN 0 ELSE 1 END) AS parked,
         MIN(CASE WHEN parked_at IS NULL THEN give_up_at END) AS giveUpAt
       FROM alert_messages GROUP BY rule_id`,
    );
    return rows.map(({ ruleId, waiting, parked, giveUpAt }) => ({
      ruleId,
      waiting: Number(waiting),
      parked: Number(parked),
      oldest: giveUpAt === null ? null : datetimeAfter(giveUpAt, -patienceMilliseconds),
    }));
  }

  /** Of all rules; `oldest` is when what waits longest was put down, in milliseconds since 1970. */
  async state(): Promise<{ waiting: number; parked: number; oldest: number | undefined }> {
    const state = { waiting: 0, parked: 0, oldest: undefined as number | undefined };
    for (const { waiting, parked, oldest } of await this.counts()) {
      state.waiting += waiting;
      state.parked += parked;
      if (oldest !== null)
        state.oldest = Math.min(state.oldest ?? Infinity, Date.parse(fromDatetime(oldest, 3)));
    }
    return state;
  }

  /** Deletes what was parked long ago, and what is too much. @returns how many messages were deleted */
  async prune(ruleId: string, at: string): Promise<number> {
    const old = datetimeAfter(at, -parkedMilliseconds);
    const aged = await this.deleteAll(
      `SELECT id FROM alert_messages WHERE rule_id = ? AND parked_at <= ? LIMIT ${deletedAtOnce}`,
      [ruleId, old],
    );
    const superfluous = await this.deleteAll(
      `SELECT id FROM alert_messages WHERE rule_id = ? AND parked_at IS NOT NULL
       ORDER BY ordinal DESC LIMIT ${deletedAtOnce} OFFSET ${mostParked}`,
      [ruleId],
    );
    return aged + superfluous;
  }

  private async deleteAll(select: string, parameters: readonly string[]): Promise<number> {
    for (let deleted = 0; ;) {
      const rows = await this.database.read<{ id: string }>(select, parameters);
      if (rows.length === 0) return deleted;
      const ids = rows.map(({ id }) => id);
      deleted += await this.database.transaction((transaction) =>
        // One that is tried again meanwhile stays.
        transaction.execute(
          `DELETE FROM alert_messages WHERE id IN (${placeholders(ids)}) AND parked_at IS NOT NULL`,
          ids,
        ),
      );
    }
  }
}

/** The rule has counted them already. What it has told of before stays as it is. */
async function insert(
  transaction: Transaction,
  ruleId: string,
  messages: readonly NewAlertMessage[],
  at: string,
): Promise<number> {
  if (messages.length === 0) return 0;
  const [rule] = await transaction.query<{ ordinal: number | string }>(
    "SELECT ordinal FROM alert_rules WHERE id = ?",
    [ruleId],
  );
  const before = Number(rule?.ordinal ?? 0) - messages.length;
  const rows = messages.map((message, index) => ({
    ...message,
    ruleId,
    ordinal: before + index + 1,
    // What was received long ago, as a dead letter that is replayed, has its day too.
    giveUpAt: datetimeAfter(message.receivedAt > at ? message.receivedAt : at, patienceMilliseconds),
    parkedAt: null,
  }));
  return await insertRows(transaction, alertMessages, rows, "keep");
}

const columns = selectList(
  alertMessages,
  "m",
  propertiesOf(AlertMessage).map(({ name }) => name as keyof AlertMessageRow),
);
