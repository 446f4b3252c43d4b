import { Field, Float, ID, ObjectType } from "type-graphql";
import { DateTimeScalar, JsonScalar } from "../scalars.js";

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({
  description:
    "A question of the agent version joined with its answer. A question without an answer is listed (the analysis may rightly skip it), and so is an answer that no question defines.",
  simpleResolvers: true,
})
export class AnalysisAnswer {
  @Field(() => String, { description: "The question's name, which is the answer's key; free text." })
  readonly name!: string;

  @Field(
    () => String,
    nullable(
      "The question's type: enum, string, boolean, number; an open list. Null where no question defines it.",
    ),
  )
  readonly type!: string | null;

  @Field(() => String, nullable("What is asked."))
  readonly description!: string | null;

  @Field(() => [String], nullable("The answers to choose from, for the type enum."))
  readonly choices!: readonly string[] | null;

  @Field(() => Boolean, {
    description:
      'Whether the analysis holds an answer that is not null; false, 0 and "" are answers, and so is one that is withheld from the reader.',
  })
  readonly answered!: boolean;

  @Field(() => Boolean, { description: "Whether the session's agent version defines the question." })
  readonly defined!: boolean;

  @Field(
    () => Boolean,
    nullable(
      "Whether the answer is of the question's type (and one of its choices); null where either is missing or the type is unknown.",
    ),
  )
  readonly conforms!: boolean | null;

  @Field(() => JsonScalar, nullable("The answer, as received (see JSON)."))
  readonly value!: unknown;

  @Field(() => String, nullable("The answer, where it is a text."))
  readonly stringValue!: string | null;

  @Field(() => Float, nullable("The answer, where it is a number."))
  readonly numberValue!: number | null;

  @Field(() => Boolean, nullable("The answer, where it is true or false."))
  readonly booleanValue!: boolean | null;
}

@ObjectType({
  description:
    "One analysis that was received for a session. A later one replaces it in the session and leaves it here.",
  simpleResolvers: true,
})
export class Analysis {
  @Field(() => ID, {
    description: "The session's id and the hash of the analysis; a masked reader gets another hash.",
  })
  readonly id!: string;

  @Field(() => ID, {
    description: "SHA-256 of the agent version's content whose questions it answers.",
  })
  readonly revisionId!: string;

  @Field(() => String, nullable("How far the chat got: complete, incomplete …; an open list."))
  readonly chatCompletionRating!: string | null;

  @Field(() => String, nullable("The chat in a sentence or two."))
  readonly chatSummary!: string | null;

  @Field(() => String, nullable("The contact's mood: positive, neutral, negative …; an open list."))
  readonly userSentiment!: string | null;

  @Field(
    () => JsonScalar,
    nullable("The answers to the agent version's questions, by name, as received (see JSON)."),
  )
  readonly customAnalysisData!: unknown;

  @Field(() => DateTimeScalar, nullable("The newest event that carried it: its envelope's created_at."))
  readonly createdAt!: string | null;

  @Field(() => DateTimeScalar, { description: "When this service received that event." })
  readonly receivedAt!: string;
}
