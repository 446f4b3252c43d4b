import { Column, type Row, Table } from "./declare.js";
import { ascii, bigint, integer, longText, receipt, text, uuid } from "./kinds.js";
import { notPersonal } from "./privacy.js";

/** Characters that the name of a rule may have. */
export const longestRuleName = 200;
/** Characters that the address of a rule's receiver may have. */
export const longestTarget = 2_000;

/** A rule that somebody made: what is told, and to which address. */
@Table({
  table: "alert_rules",
  indices: [{ name: "ux_alert_rules_name", columns: ["name"], unique: true }],
})
export class AlertRule {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly id!: string;

  @Column(text(longestRuleName), { privacy: notPersonal })
  readonly name!: string;

  /** Null: all organizations. */
  @Column(uuid, { privacy: notPersonal, nullable: true })
  readonly organizationId!: string | null;

  /** JSON of what it tells of: see alerts/definition.ts. */
  @Column(longText, { privacy: notPersonal })
  readonly definition!: string;

  /** Where its messages go. A part of it may be a secret, as of Slack's. */
  @Column(text(longestTarget), { privacy: notPersonal })
  readonly url!: string;

  /** How they are written: standard, or slack. */
  @Column(ascii(16), { privacy: notPersonal })
  readonly format!: string;

  /** 1: they hold personal data; 0: they are masked. */
  @Column(integer, { privacy: notPersonal })
  readonly isPersonal!: number;

  /** What they are signed with: `whsec_` and Base64. It must be read to sign, so it is stored as it is. */
  @Column(ascii(64), { privacy: notPersonal })
  readonly secret!: string;

  @Column(receipt, { privacy: notPersonal })
  readonly createdAt!: string;

  /** Its place in the feed: what lies before is told, or need not be. */
  @Column(bigint, { privacy: notPersonal })
  readonly position!: number | string;

  @Column(ascii(16), { privacy: notPersonal })
  readonly epoch!: string;

  /** How often the feed did not go on from its place, so that it went on elsewhere. */
  @Column(integer, { privacy: notPersonal })
  readonly gaps!: number;

  /** The ordinal of its last message. */
  @Column(bigint, { privacy: notPersonal })
  readonly ordinal!: number | string;

  /** JSON list: the groups of sessions whose statistic is beyond the threshold. */
  @Column(longText, { privacy: notPersonal })
  readonly crossed!: string;

  /** When its statistic was judged last. */
  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly judgedAt!: string | null;

  /** Attempts that failed since the last one that did not. */
  @Column(integer, { privacy: notPersonal })
  readonly failures!: number;

  /** No attempt before; null: at once. */
  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly nextAt!: string | null;

  /** Why the last attempt failed, such as `HTTP 500`, or the rule itself; null where all is well. */
  @Column(ascii(64), { privacy: notPersonal, nullable: true })
  readonly lastError!: string | null;

  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly lastSentAt!: string | null;

  /** An instance sends its messages until then, and no other one. */
  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly leasedUntil!: string | null;
}

/**
 * A message that is to be sent, or was given up. It is deleted once its receiver has taken it. It holds ids
 * and numbers only: what a session says is read when the message is sent.
 */
@Table({
  table: "alert_messages",
  indices: [{ name: "ix_alert_messages_rule", columns: ["ruleId", "parkedAt", "ordinal"] }],
})
export class AlertMessage {
  /** The `webhook-id`. For an entry of the feed it is made of the rule and the entry: so it is there once. */
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly id!: string;

  @Column(uuid, { privacy: notPersonal })
  readonly ruleId!: string;

  /** A rule's messages are sent in this order. */
  @Column(bigint, { privacy: notPersonal })
  readonly ordinal!: number | string;

  /** The kind of the feed's entry; CROSSED or RECOVERED of a statistic. */
  @Column(ascii(16), { privacy: notPersonal })
  readonly kind!: string;

  /** The raw event that made the change, or the expectation that opened. */
  @Column(uuid, { privacy: notPersonal, nullable: true })
  readonly eventId!: string | null;

  @Column(uuid, { privacy: notPersonal, nullable: true })
  readonly organizationId!: string | null;

  @Column(uuid, { privacy: notPersonal, nullable: true })
  readonly sessionId!: string | null;

  /** JSON of what a statistic was. */
  @Column(longText, { privacy: notPersonal, nullable: true })
  readonly facts!: string | null;

  /** When the change was received, or the statistic judged. */
  @Column(receipt, { privacy: notPersonal })
  readonly receivedAt!: string;

  /** Parked where an attempt fails after this. */
  @Column(receipt, { privacy: notPersonal })
  readonly giveUpAt!: string;

  /** When it was given up: it is kept for a while, and not sent. */
  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly parkedAt!: string | null;
}

export type AlertRuleRow = Row<AlertRule>;
export type AlertMessageRow = Row<AlertMessage>;
