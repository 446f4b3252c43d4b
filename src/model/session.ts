import { ObjectType, registerEnumType } from "type-graphql";
import { Column, type Decimals, Property, type Row, Table } from "./declare.js";
import {
  ascii,
  clusterKey,
  hash,
  instant,
  integer,
  json,
  longText,
  packedText,
  ranked,
  receipt,
  text,
  uuid,
} from "./kinds.js";
import { Node } from "./node.js";
import { notPersonal, personAnswers, personText } from "./privacy.js";

export enum SessionStatus {
  STARTED = "STARTED",
  ENDED = "ENDED",
  ANALYZED = "ANALYZED",
}

registerEnumType(SessionStatus, {
  name: "SessionStatus",
  description: "How far a session has come: the furthest stage of all events received.",
  valuesConfig: {
    STARTED: { description: "It has begun; it may still be going on." },
    ENDED: { description: "It is over, and not analyzed yet." },
    ANALYZED: { description: "It is over, and its analysis has arrived." },
  },
});

/** In the set of kinds seen: an expectation of the session's end or analysis is open. */
export const overdueBit = 1 << 30;

/** In the order of a session's life. */
export const statuses: readonly SessionStatus[] = [
  SessionStatus.STARTED,
  SessionStatus.ENDED,
  SessionStatus.ANALYZED,
];

/**
 * What lists are sorted by, filtered by and counted by stands in the three indexes that lists walk. So
 * whatever passes over many sessions (statistics, counts, a rare value, another order) reads these, and not
 * the rows, which hold whole transcripts: a tenth of the bytes. MySQL's longest key (3,072 bytes) has room
 * for two texts of 255 characters.
 */
const passedOver = [
  "endedAt",
  "analyzedAt",
  "receivedAt",
  "changedAt",
  "status",
  "agentVersionId",
  "messageCount",
  "failedMessageCount",
  "manualMessageCount",
  "userSentiment",
  "chatCompletionRating",
  "clusterKey",
] as const satisfies readonly (keyof Session)[];

/** A session as all its events together tell it. */
@Table({
  table: "sessions",
  indices: [
    {
      name: "ix_sessions_started",
      columns: ["startedAt", "id", "organizationId", "agentId", ...passedOver],
    },
    {
      name: "ix_sessions_organization_started",
      columns: ["organizationId", "startedAt", "id", "agentId", ...passedOver],
    },
    {
      name: "ix_sessions_agent_started",
      columns: ["agentId", "startedAt", "id", "organizationId", ...passedOver],
    },
    { name: "ix_sessions_version_started", columns: ["agentVersionId", "startedAt", "id"] },
    {
      name: "ix_sessions_version_revision",
      columns: ["agentVersionId", "organizationId", "revisionSource", "revisionId"],
    },
    { name: "ix_sessions_conversation", columns: ["conversationId", "startedAt", "id"] },
    { name: "ux_sessions_cluster_key", columns: ["clusterKey"], unique: true },
    { name: "ix_sessions_look", columns: ["lookAt"] },
  ],
})
@ObjectType({
  description: "A session that a conversation agent (an AI) held within a conversation with a contact.",
  implements: Node,
  simpleResolvers: true,
})
export class Session extends Node {
  @Property(uuid, {
    description: "Its id: the UUID that Whippy gave it.",
    privacy: notPersonal,
    primary: true,
    exported: true,
  })
  override readonly id!: string;

  @Property(uuid, {
    description: "The organization whose agent held it.",
    privacy: notPersonal,
    sortKey: "ORGANIZATION",
    exported: true,
  })
  readonly organizationId!: string;

  @Property(uuid, {
    description: "The id of the conversation that it was held in. A conversation may have several sessions.",
    privacy: notPersonal,
    payload: "conversation_id",
    exported: true,
  })
  readonly conversationId!: string;

  @Column(uuid, {
    description: "The agent's id.",
    privacy: notPersonal,
    fromEvent: true,
    sortKey: "AGENT",
    exported: true,
  })
  readonly agentId!: string;

  @Column(uuid, { privacy: notPersonal, fromEvent: true, exported: true })
  readonly agentVersionId!: string;

  /** The content of the agent version that the session's newest event carried. */
  @Column(hash, { privacy: notPersonal, fromEvent: true })
  readonly revisionId!: string;

  @Property(ranked(SessionStatus, "SessionStatus", statuses), {
    description: "How far it has come, from STARTED through ENDED to ANALYZED.",
    privacy: notPersonal,
    column: "lifecycle",
    sortKey: "STATUS",
    exported: true,
  })
  readonly status!: SessionStatus;

  @Property(instant, {
    description: "When it started, by Whippy's clock; null where no event has said so yet.",
    privacy: notPersonal,
    nullable: true,
    payload: "started_at",
    sortKey: "STARTED_AT",
    exported: true,
  })
  readonly startedAt!: string | null;

  @Property(instant, {
    description: "When it ended, by Whippy's clock. Null where no event has said so yet.",
    privacy: notPersonal,
    nullable: true,
    payload: "ended_at",
    sortKey: "ENDED_AT",
    exported: true,
  })
  readonly endedAt!: string | null;

  @Property(receipt, {
    description:
      "Since when its current analysis is the current one, by this service's receipt. An analysis that was " +
      "current before has an earlier receivedAt. Null where it has not been analyzed.",
    privacy: notPersonal,
    nullable: true,
    sortKey: "ANALYZED_AT",
    exported: true,
  })
  readonly analyzedAt!: string | null;

  @Property(text(255), {
    description:
      "Why it ended, such as user_ended (by a member of staff). Open list: new values may appear. Null " +
      "where no event has said so yet.",
    privacy: notPersonal,
    nullable: true,
    payload: "ended_reason",
    sortKey: "ENDED_REASON",
    exported: true,
  })
  readonly endedReason!: string | null;

  @Property(text(255), {
    description:
      "How far the chat got, such as complete or incomplete. Open list: new values may appear. Null " +
      "where Whippy gave none.",
    privacy: notPersonal,
    nullable: true,
    payload: "chat_completion_rating",
    sortKey: "COMPLETION_RATING",
    exported: true,
  })
  readonly chatCompletionRating!: string | null;

  @Property(text(255), {
    description:
      "The contact's mood, such as positive, neutral or negative. Open list: new values may appear. " +
      "Null where Whippy gave none.",
    privacy: notPersonal,
    nullable: true,
    payload: "user_sentiment",
    sortKey: "SENTIMENT",
    exported: true,
  })
  readonly userSentiment!: string | null;

  @Property(text(255), {
    description: "The language that was spoken or written, such as en.",
    privacy: notPersonal,
    nullable: true,
    payload: "language",
    sortKey: "LANGUAGE",
    exported: true,
  })
  readonly language!: string | null;

  @Property(text(255), {
    description: "The language of translatedChatTranscript. Null where it was not translated.",
    privacy: notPersonal,
    nullable: true,
    payload: "translation_language",
    exported: true,
  })
  readonly translationLanguage!: string | null;

  @Property(integer, {
    description: "How many messages the session lists.",
    privacy: notPersonal,
    sortKey: "MESSAGE_COUNT",
    exported: true,
  })
  readonly messageCount!: number;

  /** See events/message-counts.ts. */
  @Property(integer, {
    description:
      "How many of its messages were not delivered: their deliveryStatus is failed, delivery_failed or " +
      "sending_failed. An event of another session that lists one of them may change it too, and that is no " +
      "change of changedAt.",
    privacy: notPersonal,
    default: 0,
    exported: true,
  })
  readonly failedMessageCount!: number;

  /** See events/message-counts.ts. */
  @Property(integer, {
    description:
      "How many of its messages a person sent in place of the agent: their direction is OUTBOUND, their mode " +
      "manual. More than 0: a person stepped in. An event of another session that lists one of them may " +
      "change it too, and that is no change of changedAt.",
    privacy: notPersonal,
    default: 0,
    exported: true,
  })
  readonly manualMessageCount!: number;

  @Property(receipt, {
    description: "When this service received its first event.",
    privacy: notPersonal,
    sortKey: "RECEIVED_AT",
    exported: true,
  })
  readonly receivedAt!: string;

  @Property(receipt, {
    description:
      "When this service received the last event of it that changed it. At first equal to receivedAt.",
    privacy: notPersonal,
    sortKey: "CHANGED_AT",
    exported: true,
  })
  readonly changedAt!: string;

  @Property(longText, {
    description: "A summary of the chat in a sentence or two. Null where Whippy gave none.",
    privacy: personText,
    nullable: true,
    payload: "chat_summary",
    searched: true,
    exported: true,
  })
  readonly chatSummary!: string | null;

  @Property(packedText, {
    description: "The whole chat as text. It also contains messages that were not delivered.",
    privacy: personText,
    nullable: true,
    payload: "chat_transcript",
    searched: true,
    exported: true,
  })
  readonly chatTranscript!: string | null;

  @Property(packedText, {
    description: "The whole chat, translated into translationLanguage. Null where it was not translated.",
    privacy: personText,
    nullable: true,
    payload: "translated_chat_transcript",
    searched: true,
    exported: true,
  })
  readonly translatedChatTranscript!: string | null;

  @Property(json, {
    description:
      "The answers to the agent version's questions, by name, as received (see JSON). Null where no event had any. " +
      "They are the last ones received: if a later analysis had none, these stay, and `analysis` has none.",
    privacy: personAnswers,
    nullable: true,
    payload: "custom_analysis_data",
    exported: true,
  })
  readonly customAnalysisData!: unknown;

  /** Names the session where it lists messages: in the order in which sessions were first stored. */
  @Column(clusterKey, { privacy: notPersonal })
  readonly clusterKey!: number;

  /**
   * When it is looked at whether its end or analysis is overdue; null where neither is waited for (any more).
   * Of its own, so that no index that finds it makes a plan of another question worse.
   */
  @Column(receipt, { privacy: notPersonal, nullable: true })
  readonly lookAt!: string | null;

  /** Bit set of the kinds of events received so far; {@link overdueBit} is no event's. */
  @Column(integer, { privacy: notPersonal })
  readonly kindsSeen!: number;

  /** The greatest order key merged so far: see events/merge.ts. */
  @Column(ascii(100), { privacy: notPersonal })
  readonly source!: string;

  /** The order key of the revision that this session carries, comparable across sessions. */
  @Column(ascii(100), { privacy: notPersonal })
  readonly revisionSource!: string;

  /** JSON: the order keys of the fields that an older event set. */
  @Column(longText, { privacy: notPersonal, nullable: true })
  readonly older!: string | null;
}

/** A stored session; its status is the place in the list of statuses, from 1. */
export type SessionRow = Omit<Row<Session>, "status"> &
  Decimals<"startedAt" | "endedAt"> & { readonly status: number };

/**
 * What one event says of a session. Null: the event says nothing of it (absent and null alike), except in
 * JSON texts.
 */
export type SessionFacts = Omit<
  SessionRow,
  | "id"
  | "clusterKey"
  | "organizationId"
  | "status"
  | "startedAtDecimals"
  | "endedAtDecimals"
  | "analyzedAt"
  | "messageCount"
  | "failedMessageCount"
  | "manualMessageCount"
  | "receivedAt"
  | "changedAt"
  | "lookAt"
  | "kindsSeen"
  | "source"
  | "revisionSource"
  | "older"
>;
