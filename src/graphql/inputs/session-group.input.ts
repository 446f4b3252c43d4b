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
    LANGUAGE: { description: "The language that was spoken or written, such as en." },
    ANSWER: { description: "The answer to a question of the analysis; `question` names it." },
  },
});

@InputType({ description: "A key to group sessions by." })
export class SessionGroupBy {
  @Field(() => SessionGroupField, { description: "What to group by." })
  readonly field!: SessionGroupField;

  @Field(() => String, { nullable: true, description: "The question's name, for ANSWER only." })
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
  description: "Intervals of local time, by the start of the sessions.",
  valuesConfig: {
    HOUR: { description: "Hours. An hour that the clock shows twice counts as two." },
    DAY: { description: "Days. They have 23 or 25 hours when the clock changes." },
    WEEK: { description: "Weeks, from Monday." },
    MONTH: { description: "Months." },
  },
});
