import { Field, InputType, registerEnumType } from "type-graphql";

export enum SessionGroupField {
  AGENT = "AGENT",
  AGENT_VERSION = "AGENT_VERSION",
  ORGANIZATION = "ORGANIZATION",
  STATUS = "STATUS",
  ENDED_REASON = "ENDED_REASON",
  COMPLETION_RATING = "COMPLETION_RATING",
  SENTIMENT = "SENTIMENT",
  LANGUAGE = "LANGUAGE",
  ANSWER = "ANSWER",
}

registerEnumType(SessionGroupField, {
  name: "SessionGroupField",
  description: "What sessions can be grouped by.",
  valuesConfig: {
    AGENT: { description: "The agent's id." },
    AGENT_VERSION: { description: "The agent version's id." },
    ORGANIZATION: { description: "The organization's id." },
    STATUS: { description: "How far they have come." },
    ENDED_REASON: { description: "Why they ended." },
    COMPLETION_RATING: { description: "How far the chat got." },
    SENTIMENT: { description: "The contact's mood." },
    LANGUAGE: { description: "The language that was spoken." },
    ANSWER: { description: "The answer to a question of the analysis; name the question." },
  },
});

@InputType({ description: "One thing to group sessions by." })
export class SessionGroupBy {
  @Field(() => SessionGroupField, { description: "What to group by." })
  readonly field!: SessionGroupField;

  @Field(() => String, { nullable: true, description: "The question's name, for ANSWER." })
  readonly question?: string | null;
}

export enum TimeInterval {
  HOUR = "hour",
  DAY = "day",
  WEEK = "week",
  MONTH = "month",
}

registerEnumType(TimeInterval, {
  name: "TimeInterval",
  description: "Stretches of local time, by when sessions started.",
  valuesConfig: {
    HOUR: { description: "Hours; one that the clock shows twice is two." },
    DAY: { description: "Days, of 23 or 25 hours where the clock is changed." },
    WEEK: { description: "Weeks, from Monday." },
    MONTH: { description: "Months." },
  },
});
