import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { DateTimeScalar, JsonScalar } from "../scalars.js";
import { connectionOf, edgeOf } from "./connection.type.js";
import { Node } from "./node.type.js";

export enum SessionStatus {
  STARTED = "STARTED",
  ENDED = "ENDED",
  ANALYZED = "ANALYZED",
}

registerEnumType(SessionStatus, {
  name: "SessionStatus",
  description: "How far a session has come: the furthest of the events received.",
  valuesConfig: {
    STARTED: { description: "It has begun; it may still be going on." },
    ENDED: { description: "It is over and not analyzed yet." },
    ANALYZED: { description: "It is over and its analysis is here." },
  },
});

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({
  description: "A session that a conversation agent (an AI) held within a conversation with a contact.",
  implements: Node,
  simpleResolvers: true,
})
export class Session extends Node {
  @Field(() => ID, { description: "The conversation, which may host several sessions." })
  readonly conversationId!: string;

  @Field(() => ID, { description: "The organization whose agent held it." })
  readonly organizationId!: string;

  @Field(() => SessionStatus, { description: "How far it has come." })
  readonly status!: SessionStatus;

  @Field(
    () => DateTimeScalar,
    nullable("When it started, by Whippy's clock; null where no event has said so yet."),
  )
  readonly startedAt!: string | null;

  @Field(() => DateTimeScalar, nullable("When it ended, by Whippy's clock."))
  readonly endedAt!: string | null;

  @Field(() => DateTimeScalar, nullable("When this service received its current analysis."))
  readonly analyzedAt!: string | null;

  @Field(() => String, nullable("Why it ended: user_ended (by a member of staff) …; an open list."))
  readonly endedReason!: string | null;

  @Field(() => String, nullable("How far the chat got: complete, incomplete …; an open list."))
  readonly chatCompletionRating!: string | null;

  @Field(() => String, nullable("The chat in a sentence or two."))
  readonly chatSummary!: string | null;

  @Field(() => String, nullable("The contact's mood: positive, neutral, negative …; an open list."))
  readonly userSentiment!: string | null;

  @Field(() => String, nullable("The language that was spoken."))
  readonly language!: string | null;

  @Field(() => String, nullable("The language of translatedChatTranscript."))
  readonly translationLanguage!: string | null;

  @Field(
    () => String,
    nullable("The whole chat as text. It also holds messages that failed to be delivered."),
  )
  readonly chatTranscript!: string | null;

  @Field(() => String, nullable("The whole chat in translationLanguage."))
  readonly translatedChatTranscript!: string | null;

  @Field(
    () => JsonScalar,
    nullable("The answers to the agent version's questions, by name, as received (see JSON)."),
  )
  readonly customAnalysisData!: unknown;

  @Field(() => Int, { description: "How many messages are known of it." })
  readonly messageCount!: number;

  @Field(() => Int, {
    description:
      "How many of them did not arrive: their delivery status is failed, delivery_failed or sending_failed.",
  })
  readonly failedMessageCount!: number;

  @Field(() => DateTimeScalar, { description: "When this service received its first event." })
  readonly createdAt!: string;

  @Field(() => DateTimeScalar, { description: "When this service received the last event that changed it." })
  readonly updatedAt!: string;
}

export const SessionEdge = edgeOf("Session", () => Session);

@ObjectType({ description: "A page of sessions.", simpleResolvers: true })
export class SessionConnection extends connectionOf(() => Session, SessionEdge) {}
