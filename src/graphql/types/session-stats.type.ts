import { Field, Float, Int, ObjectType } from "type-graphql";
import { SessionGroupField } from "../inputs/session-group.input.js";
import { DateTimeScalar, JsonScalar } from "../../model/scalars.js";

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({ description: "A value that the sessions of a group share.", simpleResolvers: true })
export class SessionStatsGroup {
  @Field(() => SessionGroupField, { description: "What the sessions are grouped by." })
  readonly field!: SessionGroupField;

  @Field(() => String, nullable("The question's name, where `field` is ANSWER; else null."))
  readonly question!: string | null;

  @Field(
    () => JsonScalar,
    nullable(
      "The value: a string, or where `field` is ANSWER and the answer is a number or a Boolean, that. Null " +
        "where there is none, or the answer is a list or an object.",
    ),
  )
  readonly value!: unknown;
}

@ObjectType({ description: "How many sessions of a group have one value.", simpleResolvers: true })
export class ValueShare {
  @Field(() => String, nullable("The value. Null: sessions without one."))
  readonly value!: string | null;

  @Field(() => Int, { description: "How many sessions." })
  readonly count!: number;

  @Field(() => Float, { description: "Their share of the group's sessions, 0 to 1." })
  readonly share!: number;
}

@ObjectType({ description: "Statistics of one group of sessions.", simpleResolvers: true })
export class SessionStats {
  @Field(
    () => DateTimeScalar,
    nullable(
      "The start of the interval in which the sessions started. Null without `interval`, and for " +
        "sessions without a start.",
    ),
  )
  readonly from!: string | null;

  @Field(
    () => DateTimeScalar,
    nullable("The end of the interval: the first instant after it. Null where `from` is null."),
  )
  readonly to!: string | null;

  @Field(() => [SessionStatsGroup], {
    description: "The values that the sessions share, in the order of groupBy.",
  })
  readonly groups!: readonly SessionStatsGroup[];

  @Field(() => Int, { description: "How many sessions." })
  readonly count!: number;

  @Field(() => [ValueShare], {
    description: "How often each completion rating occurs, the most frequent first.",
  })
  readonly completionRatings!: readonly ValueShare[];

  @Field(() => [ValueShare], { description: "How often each sentiment occurs, the most frequent first." })
  readonly sentiments!: readonly ValueShare[];

  @Field(() => Int, { description: "How many messages the sessions have." })
  readonly messageCount!: number;

  @Field(() => Float, { description: "The average number of messages per session." })
  readonly averageMessageCount!: number;

  @Field(() => Int, {
    description:
      "How many messages were not delivered: their deliveryStatus is failed, delivery_failed or " +
      "sending_failed.",
  })
  readonly failedMessageCount!: number;

  @Field(() => Int, {
    description:
      "How many messages a person sent in place of the agent: their direction is OUTBOUND, their mode manual.",
  })
  readonly manualMessageCount!: number;

  @Field(() => Int, {
    description: "In how many sessions a person stepped in: their manualMessageCount is more than 0.",
  })
  readonly manualCount!: number;

  @Field(() => Int, { description: "How many sessions have a known start and a known end." })
  readonly timedCount!: number;

  @Field(
    () => Float,
    nullable(
      "The average time from start to end of the sessions in timedCount, in seconds. Null where " +
        "timedCount is 0.",
    ),
  )
  readonly averageDurationSeconds!: number | null;
}
