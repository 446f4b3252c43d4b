import { ObjectType } from "type-graphql";
import { Column, type Decimals, Property, type Row, Table } from "./declare.js";
import { ascii, instant, integerId, json, longText, receipt, text, uuid } from "./kinds.js";
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
    // A person is looked for by these.
    { name: "ix_messages_from", columns: ["from"] },
    { name: "ix_messages_to", columns: ["to"] },
    { name: "ix_messages_contact", columns: ["contactId"] },
  ],
})
@ObjectType({
  description:
    "A message of a conversation. A session lists the messages that any of its events has carried.",
  implements: Node,
  simpleResolvers: true,
})
export class Message extends Node {
  @Property(uuid, {
    description: "Whippy's own UUID.",
    privacy: notPersonal,
    primary: true,
    payload: "id",
  })
  override readonly id!: string;

  @Property(longText, {
    description: "The text. Being in the transcript is no proof that it was delivered: see deliveryStatus.",
    privacy: personText,
    nullable: true,
    payload: "body",
    searched: true,
  })
  readonly body!: string | null;

  @Property(longText, {
    description: "The text in translationLanguage.",
    privacy: personText,
    nullable: true,
    payload: "translated_body",
    searched: true,
  })
  readonly translatedBody!: string | null;

  @Property(text(255), {
    description: "INBOUND (from the contact), OUTBOUND, NOTE; an open list.",
    privacy: notPersonal,
    nullable: true,
    payload: "direction",
  })
  readonly direction!: string | null;

  @Property(text(255), {
    description: "The channel: sms, mms, email, whatsapp, call, note; an open list.",
    privacy: notPersonal,
    nullable: true,
    payload: "type",
  })
  readonly type!: string | null;

  @Property(text(255), {
    description: "Who wrote it: ai (the agent) or manual; an open list.",
    privacy: notPersonal,
    nullable: true,
    payload: "mode",
  })
  readonly mode!: string | null;

  @Property(text(255), {
    description:
      "How delivery went: delivered, failed, webhook_delivered (received from the contact) …; an open list.",
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
    description: "The language of the text, where Whippy has found it.",
    privacy: notPersonal,
    nullable: true,
    payload: "language",
  })
  readonly language!: string | null;

  @Property(text(255), {
    description: "The language of translatedBody.",
    privacy: notPersonal,
    nullable: true,
    payload: "translation_language",
  })
  readonly translationLanguage!: string | null;

  @Property(instant, {
    description: "When Whippy created it. May lie days after the session's end.",
    privacy: notPersonal,
    nullable: true,
    payload: "created_at",
  })
  readonly createdAt!: string | null;

  @Property(instant, {
    description: "When Whippy last changed it; the newest version is the one that is kept.",
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
    description: "When this service received the last event that changed it.",
    privacy: notPersonal,
  })
  readonly changedAt!: string;

  @Property(uuid, {
    description: "The organization whose conversation it belongs to.",
    privacy: notPersonal,
  })
  readonly organizationId!: string;

  @Property(uuid, {
    description: "The conversation it belongs to, which may host several sessions.",
    privacy: notPersonal,
    payload: "conversation_id",
  })
  readonly conversationId!: string;

  @Property(uuid, {
    description: "The person that the conversation is held with.",
    privacy: personId,
    nullable: true,
    payload: "contact_id",
  })
  readonly contactId!: string | null;

  @Property(uuid, {
    description: "The channel (a phone number or mailbox of the organization) that carried it.",
    privacy: notPersonal,
    nullable: true,
    payload: "channel_id",
  })
  readonly channelId!: string | null;

  @Property(uuid, {
    description: "The campaign that sent it.",
    privacy: notPersonal,
    nullable: true,
    payload: "campaign_id",
  })
  readonly campaignId!: string | null;

  @Property(uuid, {
    description: "The contact's entry in that campaign.",
    privacy: personId,
    nullable: true,
    payload: "campaign_contact_id",
  })
  readonly campaignContactId!: string | null;

  @Property(uuid, {
    description: "The sequence that sent it.",
    privacy: notPersonal,
    nullable: true,
    payload: "sequence_id",
  })
  readonly sequenceId!: string | null;

  @Property(uuid, {
    description: "The step of that sequence.",
    privacy: notPersonal,
    nullable: true,
    payload: "step_id",
  })
  readonly stepId!: string | null;

  @Property(uuid, {
    description: "The contact's entry in that step.",
    privacy: personId,
    nullable: true,
    payload: "step_contact_id",
  })
  readonly stepContactId!: string | null;

  @Property(integerId, {
    description: "The member of staff who wrote it: an integer of Whippy's, as text, such as 8.",
    privacy: notPersonal,
    nullable: true,
    payload: "user_id",
  })
  readonly userId!: string | null;

  @Property(json, {
    description: "A list of URLs or of {content_type, url}, as received (see JSON).",
    privacy: personJson,
    nullable: true,
    payload: "attachments",
  })
  readonly attachments!: unknown;

  @Property(json, {
    description: "Whatever else Whippy attaches, as received (see JSON).",
    privacy: personJson,
    nullable: true,
    payload: "metadata",
  })
  readonly metadata!: unknown;

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
  | "organizationId"
  | "createdAtDecimals"
  | "updatedAtDecimals"
  | "receivedAt"
  | "changedAt"
  | "source"
  | "older"
>;
