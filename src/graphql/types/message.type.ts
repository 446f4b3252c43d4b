import { Field, ID, Int, ObjectType } from "type-graphql";
import { DateTimeScalar, JsonScalar } from "../scalars.js";
import { connectionOf, edgeOf } from "./connection.type.js";
import { Node } from "./node.type.js";

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({
  description:
    "A message of a conversation. A session lists the messages that any of its events has carried.",
  implements: Node,
  simpleResolvers: true,
})
export class Message extends Node {
  @Field(
    () => String,
    nullable("The text. Being in the transcript is no proof that it was delivered: see deliveryStatus."),
  )
  readonly body!: string | null;

  @Field(() => String, nullable("The text in translationLanguage."))
  readonly translatedBody!: string | null;

  @Field(() => String, nullable("INBOUND (from the contact), OUTBOUND, NOTE; an open list."))
  readonly direction!: string | null;

  @Field(() => String, nullable("The channel: sms, mms, email, whatsapp, call, note; an open list."))
  readonly type!: string | null;

  @Field(() => String, nullable("Who wrote it: ai (the agent) or manual; an open list."))
  readonly mode!: string | null;

  @Field(
    () => String,
    nullable(
      "How delivery went: delivered, failed, webhook_delivered (received from the contact) …; an open list.",
    ),
  )
  readonly deliveryStatus!: string | null;

  @Field(() => String, nullable("The sender: a phone number (E.164) or an e-mail address."))
  readonly from!: string | null;

  @Field(() => String, nullable("The recipient: a phone number (E.164) or an e-mail address."))
  readonly to!: string | null;

  @Field(() => String, nullable("The language of the text, where Whippy has found it."))
  readonly language!: string | null;

  @Field(() => String, nullable("The language of translatedBody."))
  readonly translationLanguage!: string | null;

  @Field(() => DateTimeScalar, nullable("When Whippy created it. May lie days after the session's end."))
  readonly createdAt!: string | null;

  @Field(
    () => DateTimeScalar,
    nullable("When Whippy last changed it; the newest version is the one that is kept."),
  )
  readonly updatedAt!: string | null;

  @Field(() => ID, { description: "The organization whose conversation it belongs to." })
  readonly organizationId!: string;

  @Field(() => ID, { description: "The conversation it belongs to, which may host several sessions." })
  readonly conversationId!: string;

  @Field(() => ID, nullable("The person that the conversation is held with."))
  readonly contactId!: string | null;

  @Field(() => ID, nullable("The channel (a phone number or mailbox of the organization) that carried it."))
  readonly channelId!: string | null;

  @Field(() => ID, nullable("The campaign that sent it."))
  readonly campaignId!: string | null;

  @Field(() => ID, nullable("The contact's entry in that campaign."))
  readonly campaignContactId!: string | null;

  @Field(() => ID, nullable("The sequence that sent it."))
  readonly sequenceId!: string | null;

  @Field(() => ID, nullable("The step of that sequence."))
  readonly stepId!: string | null;

  @Field(() => ID, nullable("The contact's entry in that step."))
  readonly stepContactId!: string | null;

  @Field(() => Int, nullable("The member of staff who wrote it; an integer of Whippy's, not a UUID."))
  readonly userId!: number | null;

  @Field(() => JsonScalar, nullable("A list of URLs or of {content_type, url}, as received (see JSON)."))
  readonly attachments!: unknown;

  @Field(() => JsonScalar, nullable("Whatever else Whippy attaches, as received (see JSON)."))
  readonly metadata!: unknown;
}

export const MessageEdge = edgeOf("Message", () => Message);

@ObjectType({ description: "A page of messages.", simpleResolvers: true })
export class MessageConnection extends connectionOf(() => Message, MessageEdge) {}
