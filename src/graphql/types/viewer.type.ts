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
    READER: { description: "Reads everything of its organization, or of all." },
    MASKED_READER: { description: "Reads the same without personal data." },
    OPERATOR: { description: "Reads all organizations, recorded deliveries and metrics." },
  },
});

@ObjectType({ description: "What is left of a limit in the current minute.", simpleResolvers: true })
export class Allowance {
  @Field(() => Int, { description: "How much a minute allows." })
  readonly limit!: number;

  @Field(() => Int, { description: "How much of it is left, after this operation." })
  readonly remaining!: number;

  @Field(
    () => DateTimeScalar,
    nullable("When all of it may be used again; null where nothing was counted in this minute."),
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
  @Field(() => Allowance, nullable("Requests in a minute; null where the caller is not counted."))
  readonly requests!: Allowance | null;

  @Field(
    () => Allowance,
    nullable("Cost of operations in a minute (`extensions.cost`); null where the caller is not counted."),
  )
  readonly cost!: Allowance | null;

  @Field(() => Int, { description: "The greatest cost of one operation." })
  readonly maxCost!: number;

  @Field(() => Int, { description: "The greatest depth of one operation: its longest chain of fields." })
  readonly maxDepth!: number;

  @Field(() => Int, { description: "The most aliases of one operation." })
  readonly maxAliases!: number;

  @Field(() => OpenCount, { description: "WebSockets and event streams." })
  readonly connections!: OpenCount;

  @Field(() => OpenCount, { description: "Subscriptions on all of them." })
  readonly subscriptions!: OpenCount;

  @Field(() => Int, { description: "The most subscriptions on one connection." })
  readonly maxSubscriptionsPerConnection!: number;
}

@ObjectType({
  description: "Who asks: the API key or token that the request carries.",
  simpleResolvers: true,
})
export class Viewer {
  @Field(() => String, {
    description:
      "The caller's name in logs and limits: key:<prefix>, jwt:<subject>@<hash of the issuer>, or local. Not secret.",
  })
  readonly id!: string;

  @Field(
    () => String,
    nullable(
      "The name that the API key was given when it was made; null for tokens, and on an open service.",
    ),
  )
  readonly name!: string | null;

  @Field(() => ViewerRole, { description: "What the caller may do." })
  readonly role!: Role;

  @Field(() => ID, nullable("The organization whose data the caller reads; null: of all organizations."))
  readonly organizationId!: string | null;

  @Field(() => Boolean, { description: "Whether personal data is withheld from the caller." })
  readonly masked!: boolean;

  @Field(() => DateTimeScalar, nullable("When the key or token expires; null: never."))
  readonly expiresAt!: string | null;
}
