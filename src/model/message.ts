import { ObjectType } from "type-graphql";
import { Column, type Decimals, Property, type Row, Table } from "./declare.js";
import { ascii, clusterKey, instant, integerId, json, longText, receipt, text, uuid } from "./kinds.js";
import { Node } from "./node.js";
import { notPersonal, personAddress, personId, personJson, personText } from "./privacy.js";

/**
 * A message as its newest version tells it. It belongs to a conversation, which may host several sessions.
 */
@Table({
  table: "messages",
  indices: [
    { name: "ix_messages_created", columns: ["createdAt", "id"] },
    { name: "ix_messages_organization_created", columns: ["organizationId", "createdAt", "id"] },
    { name: "ix_messages_conversation", columns: ["conversationId", "createdAt", "id"] },
    { name: "ux_messages_id", columns: ["id"], unique: true },
  ],
})
@ObjectType({
  description: "A message of a conversation. A session lists every message that one of its events carried.",
  implements: Node,
  simpleResolvers: true,
})
export class Message extends Node {
  @Property(uuid, {
    description: "Its id: the UUID that Whippy gave it.",
    privacy: notPersonal,
    payload: "id",
  })
  override readonly id!: string;

  @Property(longText, {
    description: "The text. The transcript also contains texts that were not delivered: see deliveryStatus.",
    privacy: personText,
    nullable: true,
    payload: "body",
    searched: true,
  })
  readonly body!: string | null;

  @Property(longText, {
    description: "The text, translated into translationLanguage. Null where it was not translated.",
    privacy: personText,
    nullable: true,
    payload: "translated_body",
    searched: true,
  })
  readonly translatedBody!: string | null;

  @Property(text(255), {
    description: "INBOUND (from the contact), OUTBOUND or NOTE. Open list: new values may appear.",
    privacy: notPersonal,
    nullable: true,
    payload: "direction",
  })
  readonly direction!: string | null;

  @Property(text(255), {
    description:
      "The kind of channel: sms, mms, email, whatsapp, call or note. Open list: new values may appear.",
    privacy: notPersonal,
    nullable: true,
    payload: "type",
  })
  readonly type!: string | null;

  @Property(text(255), {
    description: "Who wrote it: ai (the agent) or manual (a person). Open list: new values may appear.",
    privacy: notPersonal,
    nullable: true,
    payload: "mode",
  })
  readonly mode!: string | null;

  @Property(text(255), {
    description:
      "The state of delivery, such as delivered, failed or webhook_delivered (received from the " +
      "contact). Open list: new values may appear.",
    privacy: notPersonal,
    nullable: true,
    payload: "delivery_status",
  })
  readonly deliveryStatus!: string | null;

  @Property(text(320), {
    description: "The sender: a phone number (E.164) or an e-mail address.",
    privacy: personAddress,
    nullable: true,
    column: "from_address",
    payload: "from",
  })
  readonly from!: string | null;

  @Property(text(320), {
    description: "The recipient: a phone number (E.164) or an e-mail address.",
    privacy: personAddress,
    nullable: true,
    column: "to_address",
    payload: "to",
  })
  readonly to!: string | null;

  @Property(text(255), {
    description: "The language of the text, such as en. Null where Whippy has not detected it.",
    privacy: notPersonal,
    nullable: true,
    payload: "language",
  })
  readonly language!: string | null;

  @Property(text(255), {
    description: "The language of translatedBody. Null where it was not translated.",
    privacy: notPersonal,
    nullable: true,
    payload: "translation_language",
  })
  readonly translationLanguage!: string | null;

  @Property(instant, {
    description: "When Whippy created it. May be days after the end of the session.",
    privacy: notPersonal,
    nullable: true,
    payload: "created_at",
  })
  readonly createdAt!: string | null;

  @Property(instant, {
    description: "When Whippy last changed it. An older version that arrives later changes nothing.",
    privacy: notPersonal,
    nullable: true,
    payload: "updated_at",
  })
  readonly updatedAt!: string | null;

  @Property(receipt, {
    description: "When this service received the first event that carried it.",
    privacy: notPersonal,
  })
  readonly receivedAt!: string;

  @Property(receipt, {
    description: "When this service received the last event that changed it. At first equal to receivedAt.",
    privacy: notPersonal,
  })
  readonly changedAt!: string;

  @Property(uuid, {
    description: "The organization whose conversation it belongs to.",
    privacy: notPersonal,
  })
  readonly organizationId!: string;

  @Property(uuid, {
    description: "The id of the conversation that it belongs to.",
    privacy: notPersonal,
    payload: "conversation_id",
  })
  readonly conversationId!: string;

  @Property(uuid, {
    description: "Whippy's id of the contact: the person that the conversation is held with.",
    privacy: personId,
    nullable: true,
    payload: "contact_id",
  })
  readonly contactId!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the channel that carried it: a phone number or mailbox of the organization.",
    privacy: notPersonal,
    nullable: true,
    payload: "channel_id",
  })
  readonly channelId!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the campaign that sent it. Null where none did.",
    privacy: notPersonal,
    nullable: true,
    payload: "campaign_id",
  })
  readonly campaignId!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the contact's entry in that campaign.",
    privacy: personId,
    nullable: true,
    payload: "campaign_contact_id",
  })
  readonly campaignContactId!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the sequence that sent it. Null where none did.",
    privacy: notPersonal,
    nullable: true,
    payload: "sequence_id",
  })
  readonly sequenceId!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the step of that sequence.",
    privacy: notPersonal,
    nullable: true,
    payload: "step_id",
  })
  readonly stepId!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the contact's entry in that step.",
    privacy: personId,
    nullable: true,
    payload: "step_contact_id",
  })
  readonly stepContactId!: string | null;

  @Property(integerId, {
    description:
      "Whippy's id of the member of staff who wrote it: a whole number as text, such as 8. Null where " +
      "Whippy names none.",
    privacy: notPersonal,
    nullable: true,
    payload: "user_id",
  })
  readonly userId!: string | null;

  @Property(json, {
    description:
      "A list of URLs or of {content_type, url} objects, as received (see JSON). Null where there is none.",
    privacy: personJson,
    nullable: true,
    payload: "attachments",
  })
  readonly attachments!: unknown;

  @Property(json, {
    description: "Further data that Whippy attaches, as received (see JSON). Null where there is none.",
    privacy: personJson,
    nullable: true,
    payload: "metadata",
  })
  readonly metadata!: unknown;

  /** Messages that one event brought stand side by side on disk, and sessions find theirs by it. */
  @Column(clusterKey, { privacy: notPersonal, primary: true })
  readonly clusterKey!: number;

  /** The greatest order key merged so far: see events/merge.ts. */
  @Column(ascii(140), { privacy: notPersonal })
  readonly source!: string;

  /** JSON: the order keys of the fields that an older event set. */
  @Column(longText, { privacy: notPersonal, nullable: true })
  readonly older!: string | null;
}

export type MessageRow = Row<Message> & Decimals<"createdAt" | "updatedAt">;

/** What one event says of a message. Null: the event says nothing of it. */
export type MessageFacts = Omit<
  MessageRow,
  | "clusterKey"
  | "organizationId"
  | "createdAtDecimals"
  | "updatedAtDecimals"
  | "receivedAt"
  | "changedAt"
  | "source"
  | "older"
>;

/** The fields that name a party of the sessions that list the message. */
export const partyFields = ["from", "to", "contactId"] as const satisfies readonly (keyof MessageFacts)[];
