import { Field, Float, ObjectType } from "type-graphql";
import { JsonScalar } from "../../model/scalars.js";

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({
  description: "A question that an agent version asks the analysis of each session.",
  simpleResolvers: true,
})
export class AnalysisQuestion {
  @Field(() => String, { description: "The key of the answer in customAnalysisData; free text." })
  readonly name!: string;

  @Field(() => String, nullable("The kind of answer: enum, string, boolean, number; an open list."))
  readonly type!: string | null;

  @Field(() => String, nullable("What is asked."))
  readonly description!: string | null;

  @Field(() => [String], nullable("The answers to choose from, for the type enum."))
  readonly choices!: readonly string[] | null;

  @Field(() => [String], nullable("Examples of answers, for the type string."))
  readonly examples!: readonly string[] | null;
}

@ObjectType({
  description:
    "A question of the agent version joined with an analysis' answer. A question without an answer is listed (the analysis may rightly skip it), and so is an answer that no question defines.",
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

  @Field(() => Boolean, {
    description: "Whether the agent version's revision that is answered defines the question.",
  })
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
