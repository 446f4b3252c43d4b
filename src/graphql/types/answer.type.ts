import { Field, Float, ObjectType } from "type-graphql";
import { JsonScalar } from "../../model/scalars.js";

const nullable = (description: string) => ({ nullable: true, description });

@ObjectType({
  description: "A question that the analysis of each session answers.",
  simpleResolvers: true,
})
export class AnalysisQuestion {
  @Field(() => String, {
    description: "The question's name, which is the key of the answer in customAnalysisData. Free text.",
  })
  readonly name!: string;

  @Field(
    () => String,
    nullable("The type of the answer: enum, string, boolean or number. Open list: new values may appear."),
  )
  readonly type!: string | null;

  @Field(() => String, nullable("The text of the question. Null where there is none."))
  readonly description!: string | null;

  @Field(() => [String], nullable("The answers to choose from, for a question of type enum; else null."))
  readonly choices!: readonly string[] | null;

  @Field(() => [String], nullable("Examples of answers, for a question of type string; else null."))
  readonly examples!: readonly string[] | null;
}

@ObjectType({
  description:
    "A question of the agent version with its answer in one analysis. A question without an answer is " +
    "listed too (an analysis may skip questions), and so is an answer without a question.",
  simpleResolvers: true,
})
export class AnalysisAnswer {
  @Field(() => String, {
    description: 'The question\'s name, which is the key of the answer. Free text, such as "Phone call".',
  })
  readonly name!: string;

  @Field(
    () => String,
    nullable(
      "The question's type: enum, string, boolean or number. Open list: new values may appear. Null " +
        "where no question has this name.",
    ),
  )
  readonly type!: string | null;

  @Field(() => String, nullable("The text of the question. Null where there is none."))
  readonly description!: string | null;

  @Field(() => [String], nullable("The answers to choose from, for a question of type enum; else null."))
  readonly choices!: readonly string[] | null;

  @Field(() => Boolean, {
    description:
      'True if there is an answer that is not null; false, 0 and "" are answers. Also true if the answer is withheld from the reader.',
  })
  readonly answered!: boolean;

  @Field(() => Boolean, {
    description: "True if the AgentVersionRevision that asked has a question of this name.",
  })
  readonly defined!: boolean;

  @Field(
    () => Boolean,
    nullable(
      "True if the answer has the question's type (and is one of its choices). Null where question or " +
        "answer is missing, or the type is unknown.",
    ),
  )
  readonly conforms!: boolean | null;

  @Field(
    () => JsonScalar,
    nullable(
      "The answer, as received (see JSON). Null where there is none, or it is withheld from the reader.",
    ),
  )
  readonly value!: unknown;

  @Field(() => String, nullable("The answer if it is a text, else null."))
  readonly stringValue!: string | null;

  @Field(() => Float, nullable("The answer if it is a number, else null."))
  readonly numberValue!: number | null;

  @Field(() => Boolean, nullable("The answer if it is true or false, else null."))
  readonly booleanValue!: boolean | null;
}
