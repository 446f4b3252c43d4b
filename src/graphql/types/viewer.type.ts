import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import type { Role } from "../../access/caller.js";
import { DateTimeScalar } from "../../model/scalars.js";

const nullable = (description: string) => ({ nullable: true, description });

/** The roles, by GraphQL's names. */
export const ViewerRole = {
  READER: "reader",
  MASKED_READER: "masked_reader",
  OPERATOR: "operator",
} as const satisfies Readonly<Record<string, Role>>;

registerEnumType(ViewerRole, {
  name: "ViewerRole",
  description: "What a caller may do.",
  valuesConfig: {
    READER: { description: "Reads all data of its organization, or of all organizations." },
    MASKED_READER: { description: "Reads the same as READER, without personal data." },
    OPERATOR: { description: "Reads the data of all organizations, recorded deliveries and metrics." },
  },
});

@ObjectType({ description: "A limit per minute, and what is left of it.", simpleResolvers: true })
export class Allowance {
  @Field(() => Int, { description: "How much is allowed per minute." })
  readonly limit!: number;

  @Field(() => Int, { description: "How much is left in the current minute, after this operation." })
  readonly remaining!: number;

  @Field(
    () => DateTimeScalar,
    nullable("When the full amount is available again. Null where nothing was used in this minute."),
  )
  readonly resetsAt!: string | null;
}

@ObjectType({ description: "How many of something a caller holds open.", simpleResolvers: true })
export class OpenCount {
  @Field(() => Int, {
    description:
      "How many are open on the instance of the service that answers. Each instance counts its own.",
  })
  readonly open!: number;

  @Field(() => Int, nullable("How many may be open at once; null where the caller is not limited."))
  readonly allowed!: number | null;
}

@ObjectType({ description: "How much a caller may ask for, and what is left of it.", simpleResolvers: true })
export class ViewerLimits {
  @Field(() => Allowance, nullable("Requests per minute. Null where the caller is not limited."))
  readonly requests!: Allowance | null;

  @Field(
    () => Allowance,
    nullable("Cost of operations per minute (see `extensions.cost`). Null where the caller is not limited."),
  )
  readonly cost!: Allowance | null;

  @Field(() => Int, { description: "The greatest cost of one operation." })
  readonly maxCost!: number;

  @Field(() => Int, { description: "The greatest depth of one operation: its longest chain of fields." })
  readonly maxDepth!: number;

  @Field(() => Int, { description: "The greatest number of aliases in one operation." })
  readonly maxAliases!: number;

  @Field(() => OpenCount, { description: "WebSockets and event streams that the caller holds open." })
  readonly connections!: OpenCount;

  @Field(() => OpenCount, {
    description: "Operations under way on all of these connections: subscriptions, and queries too.",
  })
  readonly subscriptions!: OpenCount;

  @Field(() => Int, {
    description:
      "The greatest number of operations under way on one connection: subscriptions, and queries too.",
  })
  readonly maxSubscriptionsPerConnection!: number;
}

@ObjectType({
  description: "Who is asking: the API key or token of the request.",
  simpleResolvers: true,
})
export class Viewer {
  @Field(() => String, {
    description:
      "The caller's name in logs and limits: key:<prefix>, jwt:<subject>@<hash of the issuer>, or " +
      "local. Not secret.",
  })
  readonly id!: string;

  @Field(
    () => String,
    nullable("The name that the API key was given. Null for tokens, and on a service without keys."),
  )
  readonly name!: string | null;

  @Field(() => ViewerRole, { description: "What the caller may do." })
  readonly role!: Role;

  @Field(() => ID, nullable("The organization whose data the caller may read. Null: all organizations."))
  readonly organizationId!: string | null;

  @Field(() => Boolean, { description: "Whether personal data is withheld from the caller." })
  readonly masked!: boolean;

  @Field(() => DateTimeScalar, nullable("When the key or token expires. Null: never."))
  readonly expiresAt!: string | null;
}
