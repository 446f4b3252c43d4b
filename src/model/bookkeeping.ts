import { Column, type Row, Table } from "./declare.js";
import {
  ascii,
  bigint,
  clusterKey,
  hash,
  integer,
  longAscii,
  longText,
  receipt,
  text,
  uuid,
} from "./kinds.js";
import { notPersonal, personText } from "./privacy.js";

/** That a snapshot of the session has listed the message. A message that a later snapshot lacks stays. */
@Table({
  table: "session_messages",
  indices: [{ name: "ix_session_messages_message", columns: ["messageKey"] }],
})
export class SessionMessage {
  /** The cluster key of the session. */
  @Column(clusterKey, { privacy: notPersonal, primary: true })
  readonly sessionKey!: number;

  /** That of the message. */
  @Column(clusterKey, { privacy: notPersonal, primary: true })
  readonly messageKey!: number;

  /** The smallest index at which any snapshot listed it, from 0. */
  @Column(integer, { privacy: notPersonal })
  readonly position!: number;
}

/**
 * Whom a session's messages came from or went to, and whose contact they are: what an index of messages would
 * hold once for each of them. Kept wherever one of these changes.
 */
@Table({
  table: "session_parties",
  indices: [{ name: "ix_session_parties_party", columns: ["party"] }],
})
export class SessionParty {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly sessionId!: string;

  /** An address as it stands in messages, or a contact's id; see {@link partyOf}. */
  @Column(text(320), { privacy: personText, primary: true })
  readonly party!: string;
}

/** MySQL takes texts for equal that differ in the spaces at their ends alone. */
export function partyOf(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end -= 1;
  return text.slice(0, end);
}

/**
 * The words of all texts of a session, its messages' among them: see search-terms.ts. None where there is no
 * word. They are made anew wherever one of these texts changes. (SQLite has no full-text index: there the
 * virtual table session_terms_index does its work, kept by triggers.)
 */
@Table({
  table: "session_terms",
  indices: [{ name: "ft_session_terms_terms", columns: ["terms"], fulltext: true }],
})
export class SessionTerms {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly sessionId!: string;

  @Column(longAscii, { privacy: personText })
  readonly terms!: string;
}

/** A change of a session, or something overdue, that subscribers are told of. */
@Table({
  table: "session_feed",
  indices: [{ name: "ux_session_feed_position", columns: ["position"], unique: true }],
})
export class SessionFeedEntry {
  /** The raw event that made the change, or the expectation that opened. */
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly eventId!: string;

  /** Gapless and in order; null until the change is numbered: with its commit, or later by the assigner. */
  @Column(bigint, { privacy: notPersonal, nullable: true })
  readonly position!: string | null;

  /**
   * The epoch of its position, see {@link FeedHead.lastEpoch}; null where it was given before there were
   * epochs.
   */
  @Column(ascii(16), { privacy: notPersonal, nullable: true })
  readonly epoch!: string | null;

  @Column(uuid, { privacy: notPersonal })
  readonly organizationId!: string;

  @Column(uuid, { privacy: notPersonal })
  readonly sessionId!: string;

  /** Such as ANALYZED, or OVERDUE: see events/registry.ts. */
  @Column(ascii(16), { privacy: notPersonal })
  readonly kind!: string;

  @Column(receipt, { privacy: notPersonal })
  readonly receivedAt!: string;
}

/**
 * One row: how far positions have been given. Its row lock lets one transaction at a time give them, across
 * instances.
 */
@Table({ table: "feed_head" })
export class FeedHead {
  /** Always 1. */
  @Column(integer, { privacy: notPersonal, primary: true })
  readonly id!: number;

  /** The greatest position given; 0 at first. */
  @Column(bigint, { privacy: notPersonal })
  readonly lastPosition!: string;

  /**
   * The epoch of that position: random, and another for each transaction that gives positions. A restored
   * backup, or a replica that took over and lacks commits, gives the same positions again, in other epochs.
   */
  @Column(ascii(16), { privacy: notPersonal, nullable: true })
  readonly lastEpoch!: string | null;

  /** The greatest position that retention has removed; cursors before it have expired. */
  @Column(bigint, { privacy: notPersonal })
  readonly expiredPosition!: string;

  @Column(ascii(16), { privacy: notPersonal, nullable: true })
  readonly expiredEpoch!: string | null;
}

/**
 * What all instances on one database must share and nobody configures, such as the key that signs cursors.
 */
@Table({ table: "service_settings" })
export class ServiceSetting {
  @Column(ascii(64), { privacy: notPersonal, primary: true })
  readonly name!: string;

  @Column(longText, { privacy: notPersonal })
  readonly value!: string;
}

/** Characters that the name of a key may have. */
export const longestKeyName = 200;

/**
 * A key that a caller authenticates with. The key itself is shown once, when it is made, and never stored.
 */
@Table({
  table: "api_keys",
  indices: [{ name: "ux_api_keys_prefix", columns: ["prefix"], unique: true }],
})
export class ApiKey {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly id!: string;

  /** The part of the key that may be shown: it finds the row. */
  @Column(ascii(16), { privacy: notPersonal })
  readonly prefix!: string;

  /** SHA-256 of the secret part. */
  @Column(hash, { privacy: notPersonal })
  readonly secretSha256!: string;

  /** Who holds it, for people. */
  @Column(text(longestKeyName), { privacy: notPersonal })
  readonly name!: string;

  /** Null: all organizations. */
  @Column(uuid, { privacy: notPersonal, nullable: true })
  readonly organizationId!: string | null;

  @Column(ascii(32), { privacy: notPersonal })
  readonly role!: string;

  @Column(receipt, { privacy: notPersonal })
  readonly createdAt!: string;

  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly expiresAt!: string | null;

  /** Written at most once a minute. */
  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly lastUsedAt!: string | null;

  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly revokedAt!: string | null;
}

/** Who read or erased what, and when: names, ids and counts, never contents. */
@Table({
  table: "audit_log",
  indices: [
    { name: "ix_audit_log_caller", columns: ["caller", "id"] },
    // Entries are deleted by age.
    { name: "ix_audit_log_at", columns: ["at"] },
  ],
})
export class AuditLogEntry {
  /** UUIDv7: rows cluster by time. */
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly id!: string;

  @Column(receipt, { privacy: notPersonal })
  readonly at!: string;

  /**
   * Who: `key:<prefix>`, `jwt:<subject>@<hash of its issuer>`, or `command` for what was typed on the
   * machine.
   */
  @Column(text(255), { privacy: notPersonal })
  readonly caller!: string;

  @Column(ascii(32), { privacy: notPersonal })
  readonly role!: string;

  /** What: read (exports and subscriptions too), erase, retain. */
  @Column(ascii(32), { privacy: notPersonal })
  readonly action!: string;

  /** The operation's name and root fields, or the command's name. */
  @Column(text(500), { privacy: notPersonal })
  readonly operation!: string;

  /** How many things were read or erased. */
  @Column(integer, { privacy: notPersonal })
  readonly count!: number;

  /** JSON list of the ids concerned, the first 50. */
  @Column(longText, { privacy: notPersonal })
  readonly ids!: string;
}

/** That somebody was erased: what still arrives of them is stored without personal data. */
@Table({ table: "erasures" })
export class Erasure {
  /**
   * HMAC-SHA256 of a phone number, e-mail address, contact id or conversation id, under a key of this
   * database.
   */
  @Column(hash, { privacy: notPersonal, primary: true })
  readonly identifierHmac!: string;

  @Column(receipt, { privacy: notPersonal })
  readonly erasedAt!: string;
}

export type ApiKeyRow = Row<ApiKey>;
export type AuditLogRow = Row<AuditLogEntry>;
