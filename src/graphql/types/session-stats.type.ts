import { Field, Float, Int, ObjectType } from "type-graphql";
import { SessionGroupField } from "../inputs/session-group.input.js";
import { DateTimeScalar, JsonScalar } from "../../model/scalars.js";

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({ description: "What the sessions of a group have in common.", simpleResolvers: true })
export class SessionStatsGroup {
  @Field(() => SessionGroupField, { description: "What they were grouped by." })
  readonly field!: SessionGroupField;

  @Field(() => String, nullable("The question, where they were grouped by an answer."))
  readonly question!: string | null;

  @Field(
    () => JsonScalar,
    nullable(
      "The value: a text, or a number or truth value of an answer; null where there is none, or the answer is a list or an object.",
    ),
  )
  readonly value!: unknown;
}

@ObjectType({ description: "How many sessions of a group have a value.", simpleResolvers: true })
export class ValueShare {
  @Field(() => String, nullable("The value; null: without one."))
  readonly value!: string | null;

  @Field(() => Int, { description: "How many sessions." })
  readonly count!: number;

  @Field(() => Float, { description: "Their share of the group's sessions, 0 to 1." })
  readonly share!: number;
}

@ObjectType({ description: "Numbers of one group of sessions.", simpleResolvers: true })
export class SessionStats {
  @Field(
    () => DateTimeScalar,
    nullable(
      "The first instant of the stretch of time in which they started; null without an interval, and for sessions without a start.",
    ),
  )
  readonly from!: string | null;

  @Field(() => DateTimeScalar, nullable("The first instant after that stretch."))
  readonly to!: string | null;

  @Field(() => [SessionStatsGroup], { description: "The values they share, in the order of groupBy." })
  readonly groups!: readonly SessionStatsGroup[];

  @Field(() => Int, { description: "How many sessions." })
  readonly count!: number;

  @Field(() => [ValueShare], { description: "Shares of the completion ratings, the greatest first." })
  readonly completionRatings!: readonly ValueShare[];

  @Field(() => [ValueShare], { description: "Shares of the sentiments, the greatest first." })
  readonly sentiments!: readonly ValueShare[];

  @Field(() => Int, { description: "How many messages they have." })
  readonly messageCount!: number;

  @Field(() => Float, { description: "Messages per session." })
  readonly averageMessageCount!: number;

  @Field(() => Int, {
    description:
      "Messages that did not arrive: their delivery status is failed, delivery_failed or sending_failed.",
  })
  readonly failedMessageCount!: number;

  @Field(() => Int, { description: "How many sessions have a known start and a known end." })
  readonly timedCount!: number;

  @Field(() => Float, nullable("The average duration of those, in seconds; null where there is none."))
  readonly averageDurationSeconds!: number | null;
}
