import type { MessageFacts } from "../../events/session-payload.js";
import { defineTable } from "../table.js";

/** A message as its newest version tells it. It belongs to a conversation, which may host several sessions. */
export interface MessageRow extends MessageFacts {
  readonly organizationId: string;
  readonly createdAtDecimals: number | null;
  readonly updatedAtDecimals: number | null;
  /** Order keys of the merge: see events/merge.ts. */
  readonly source: string;
  readonly older: string | null;
}

export const messages = defineTable<MessageRow>({
  name: "messages",
  columns: (types) => ({
    id: types.uuid({ primary: true }),
    organizationId: types.uuid(),
    conversationId: types.uuid(),
    createdAt: types.instant({ nullable: true }),
    createdAtDecimals: types.integer({ nullable: true }),
    updatedAt: types.instant({ nullable: true }),
    updatedAtDecimals: types.integer({ nullable: true }),
    direction: types.text(255, { nullable: true }),
    type: types.text(255, { nullable: true }),
    mode: types.text(255, { nullable: true }),
    deliveryStatus: types.text(255, { nullable: true }),
    fromAddress: types.text(320, { nullable: true }),
    toAddress: types.text(320, { nullable: true }),
    language: types.text(255, { nullable: true }),
    translationLanguage: types.text(255, { nullable: true }),
    contactId: types.uuid({ nullable: true }),
    channelId: types.uuid({ nullable: true }),
    campaignId: types.uuid({ nullable: true }),
    campaignContactId: types.uuid({ nullable: true }),
    sequenceId: types.uuid({ nullable: true }),
    stepId: types.uuid({ nullable: true }),
    stepContactId: types.uuid({ nullable: true }),
    userId: types.integer({ nullable: true }),
    source: types.ascii(140),
    older: types.longText({ nullable: true }),
    body: types.longText({ nullable: true }),
    translatedBody: types.longText({ nullable: true }),
    attachments: types.longText({ nullable: true }),
    metadata: types.longText({ nullable: true }),
  }),
  indices: [
    { name: "ix_messages_created", columns: ["createdAt", "id"] },
    { name: "ix_messages_organization_created", columns: ["organizationId", "createdAt", "id"] },
    { name: "ix_messages_conversation", columns: ["conversationId"] },
    // A person is looked for by these.
    { name: "ix_messages_from", columns: ["fromAddress"] },
    { name: "ix_messages_to", columns: ["toAddress"] },
    { name: "ix_messages_contact", columns: ["contactId"] },
  ],
});
