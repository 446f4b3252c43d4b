import { Field, InputType, registerEnumType } from "type-graphql";

export enum SessionOrderField {
  STARTED_AT = "startedAt",
  ENDED_AT = "endedAt",
  ANALYZED_AT = "analyzedAt",
  CREATED_AT = "createdAt",
  UPDATED_AT = "updatedAt",
  MESSAGE_COUNT = "messageCount",
  STATUS = "lifecycle",
  COMPLETION_RATING = "chatCompletionRating",
  SENTIMENT = "userSentiment",
  ENDED_REASON = "endedReason",
  LANGUAGE = "language",
  ORGANIZATION = "organizationId",
  AGENT = "agentId",
}

registerEnumType(SessionOrderField, {
  name: "SessionOrderField",
  description: "What sessions can be sorted by.",
  valuesConfig: {
    STARTED_AT: { description: "When it started." },
    ENDED_AT: { description: "When it ended." },
    ANALYZED_AT: { description: "When its current analysis was received." },
    CREATED_AT: { description: "When its first event was received." },
    UPDATED_AT: { description: "When the last event that changed it was received." },
    MESSAGE_COUNT: { description: "How many messages are known of it." },
    STATUS: { description: "How far it has come." },
    COMPLETION_RATING: { description: "How far the chat got, by the text." },
    SENTIMENT: { description: "The contact's mood, by the text." },
    ENDED_REASON: { description: "Why it ended, by the text." },
    LANGUAGE: { description: "The language that was spoken, by the text." },
    ORGANIZATION: { description: "The organization's id." },
    AGENT: { description: "The agent's id." },
  },
});

export enum OrderDirection {
  ASC = "ASC",
  DESC = "DESC",
}

registerEnumType(OrderDirection, {
  name: "OrderDirection",
  description: "Which way to sort.",
  valuesConfig: {
    ASC: { description: "Smallest or earliest first; what has no value comes before everything." },
    DESC: { description: "Greatest or latest first; what has no value comes last." },
  },
});

@InputType({ description: "One key to sort sessions by. Ties are broken by the next key, in the end by id." })
export class SessionOrder {
  @Field(() => SessionOrderField, { description: "What to sort by." })
  readonly field!: SessionOrderField;

  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC, description: "Which way." })
  readonly direction!: OrderDirection;
}
