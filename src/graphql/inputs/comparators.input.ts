import { type ClassType, Field, Float, ID, InputType, Int } from "type-graphql";
import type { GraphQLScalarType } from "graphql";
import { ExpectationKind } from "../../model/expectation.js";
import { DateTimeScalar } from "../../model/scalars.js";
import { SessionStatus } from "../../model/session.js";
import { WebhookEventStatus } from "../../model/webhook-event.js";

type FieldType =
  | GraphQLScalarType
  | typeof SessionStatus
  | typeof WebhookEventStatus
  | typeof ExpectationKind
  | BooleanConstructor
  | StringConstructor;

const nullable = (description: string) => ({ nullable: true, description });

/** Equality and membership. */
function equality<Value>(type: FieldType) {
  @InputType()
  abstract class Equality {
    @Field(() => type, nullable("Equals this value."))
    readonly eq?: Value | null;

    @Field(() => type, nullable("Differs from this value, or there is no value."))
    readonly neq?: Value | null;

    @Field(() => [type], nullable("Equals one of these values."))
    readonly in?: Value[] | null;

    @Field(() => [type], nullable("Differs from each of these values, or there is no value."))
    readonly nin?: Value[] | null;

    @Field(() => Boolean, nullable("true: there is no value. false: there is one."))
    readonly null?: boolean | null;
  }
  return Equality;
}

/** Equality, membership and order. */
function ordering<Value>(type: FieldType) {
  @InputType()
  abstract class Ordering extends (equality<Value>(type) as ClassType) {
    @Field(() => type, nullable("Is greater or later than this value."))
    readonly gt?: Value | null;

    @Field(() => type, nullable("Equals this value, or is greater or later."))
    readonly gte?: Value | null;

    @Field(() => type, nullable("Is less or earlier than this value."))
    readonly lt?: Value | null;

    @Field(() => type, nullable("Equals this value, or is less or earlier."))
    readonly lte?: Value | null;
  }
  return Ordering;
}

@InputType({
  description:
    "Compares an id. Give at least one condition. All given conditions must hold, and none may be null.",
})
export class IDComparator extends equality<string>(ID) {}

const caseRule =
  "Letters are the same by Unicode's simple case folding: Ł and ł, Σ, σ and ς; but not e and é, nor ß and ss. " +
  "At most 255 characters.";

@InputType({
  description:
    "Compares a text by code points: case, accents and spaces count. Give at least one condition. All " +
    "given conditions must hold, and none may be null.",
})
export class StringComparator extends equality<string>(String) {
  @Field(() => String, nullable("Contains this text."))
  readonly contains?: string | null;

  @Field(() => String, nullable("Starts with this text."))
  readonly startsWith?: string | null;

  @Field(() => String, nullable(`Equals this text, whatever its case. ${caseRule}`))
  readonly eqIgnoreCase?: string | null;

  @Field(() => String, nullable(`Contains this text, whatever its case. ${caseRule}`))
  readonly containsIgnoreCase?: string | null;
}

@InputType({
  description:
    "Compares a DateTime. Give at least one condition. All given conditions must hold, and none may be null.",
})
export class DateTimeComparator extends ordering<string>(DateTimeScalar) {}

@InputType({
  description:
    "Compares a whole number. Give at least one condition. All given conditions must hold, and none " +
    "may be null.",
})
export class IntComparator extends ordering<number>(Int) {}

@InputType({
  description:
    "Compares a number. Give at least one condition. All given conditions must hold, and none may be null.",
})
export class FloatComparator extends ordering<number>(Float) {}

@InputType({
  description:
    "Compares a Boolean. Give at least one condition. All given conditions must hold, and none may be null.",
})
export class BooleanComparator extends equality<boolean>(Boolean) {}

@InputType({
  description:
    "Compares the status of a session. Give at least one condition. All given conditions must hold, " +
    "and none may be null.",
})
export class SessionStatusComparator extends equality<SessionStatus>(SessionStatus) {}

@InputType({
  description:
    "Compares the status of a delivery. Give at least one condition. All given conditions must hold, " +
    "and none may be null.",
})
export class WebhookEventStatusComparator extends equality<WebhookEventStatus>(WebhookEventStatus) {}

@InputType({
  description:
    "Compares the kind of an expectation. Give at least one condition. All given conditions must hold, " +
    "and none may be null.",
})
export class ExpectationKindComparator extends equality<ExpectationKind>(ExpectationKind) {}
