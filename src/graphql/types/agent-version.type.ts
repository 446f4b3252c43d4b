import { Field, ID, Int, ObjectType } from "type-graphql";
import { DateTimeScalar } from "../scalars.js";
import { connectionOf, edgeOf } from "./connection.type.js";
import { Node } from "./node.type.js";

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
    "One content that an agent version was received with. The same version may come with different contents; each is kept.",
  simpleResolvers: true,
})
export class AgentVersionRevision {
  @Field(() => ID, { description: "SHA-256 of the content." })
  readonly revisionId!: string;

  @Field(() => ID, { description: "The agent." })
  readonly agentId!: string;

  @Field(() => String, nullable("The agent's name."))
  readonly name!: string | null;

  @Field(() => String, nullable("What the agent is for."))
  readonly description!: string | null;

  @Field(() => ID, nullable("The language model behind it."))
  readonly llmId!: string | null;

  @Field(() => Int, nullable("The member of staff who made the version; an integer of Whippy's, not a UUID."))
  readonly createdById!: number | null;

  @Field(
    () => String,
    nullable("The agent's language setting, such as multi; not the language of a session."),
  )
  readonly language!: string | null;

  @Field(() => String, nullable("The voice for calls."))
  readonly voiceId!: string | null;

  @Field(() => DateTimeScalar, { description: "When this service first received this content." })
  readonly receivedAt!: string;
}

@ObjectType({
  description:
    "A version of a conversation agent. Below a session: as that session's newest event carried it; elsewhere: as the newest event of any session did. A normalised cache must not keep it by its id alone (for Apollo: keyFields: false).",
  implements: Node,
  simpleResolvers: true,
})
export class AgentVersion extends Node {
  @Field(() => ID, { description: "The agent that this is a version of." })
  readonly agentId!: string;

  @Field(() => ID, { description: "The organization that the agent works for." })
  readonly organizationId!: string;

  @Field(() => String, nullable("The agent's name."))
  readonly name!: string | null;

  @Field(() => String, nullable("What the agent is for."))
  readonly description!: string | null;

  @Field(() => ID, nullable("The language model behind it."))
  readonly llmId!: string | null;

  @Field(() => Int, nullable("The member of staff who made the version; an integer of Whippy's, not a UUID."))
  readonly createdById!: number | null;

  @Field(
    () => String,
    nullable("The agent's language setting, such as multi; not the language of a session."),
  )
  readonly language!: string | null;

  @Field(() => String, nullable("The voice for calls."))
  readonly voiceId!: string | null;

  @Field(() => ID, { description: "SHA-256 of the content: which of its revisions this is." })
  readonly revisionId!: string;

  @Field(() => DateTimeScalar, { description: "When this service first received this content." })
  readonly receivedAt!: string;
}

export const AgentVersionEdge = edgeOf("AgentVersion", () => AgentVersion);

@ObjectType({ description: "A page of agent versions.", simpleResolvers: true })
export class AgentVersionConnection extends connectionOf(() => AgentVersion, AgentVersionEdge) {}
