import { type ClassType, Field, Float, ID, InputType, Int } from "type-graphql";
import type { GraphQLScalarType } from "graphql";
import { DateTimeScalar } from "../../model/scalars.js";
import { SessionStatus } from "../../model/session.js";
import { WebhookEventStatus } from "../../model/webhook-event.js";

type FieldType =
  | GraphQLScalarType
  | typeof SessionStatus
  | typeof WebhookEventStatus
  | BooleanConstructor
  | StringConstructor;

const nullable = (description: string) => ({ nullable: true, description });

/** Equality and membership. */
function equality<Value>(type: FieldType) {
  @InputType()
  abstract class Equality {
    @Field(() => type, nullable("Is this value."))
    readonly eq?: Value | null;

    @Field(() => type, nullable("Is another value, or none."))
    readonly neq?: Value | null;

    @Field(() => [type], nullable("Is one of these values."))
    readonly in?: Value[] | null;

    @Field(() => [type], nullable("Is none of these values, or has no value."))
    readonly nin?: Value[] | null;

    @Field(() => Boolean, nullable("true: has no value; false: has one."))
    readonly null?: boolean | null;
  }
  return Equality;
}

/** Equality, membership and order. */
function ordering<Value>(type: FieldType) {
  @InputType()
  abstract class Ordering extends (equality<Value>(type) as ClassType) {
    @Field(() => type, nullable("Is greater (later) than this value."))
    readonly gt?: Value | null;

    @Field(() => type, nullable("Is this value or greater (later)."))
    readonly gte?: Value | null;

    @Field(() => type, nullable("Is less (earlier) than this value."))
    readonly lt?: Value | null;

    @Field(() => type, nullable("Is this value or less (earlier)."))
    readonly lte?: Value | null;
  }
  return Ordering;
}

@InputType({
  description: "Asks of an id. All conditions given must hold; one at least is given, and none is null.",
})
export class IDComparator extends equality<string>(ID) {}

const caseRule =
  "Letters are the same by Unicode's simple case folding: Ł and ł, Σ, σ and ς; but not e and é, nor ß and ss. " +
  "At most 255 characters.";

@InputType({
  description:
    "Compares a text, by code points: upper and lower case, accents and spaces count. All conditions given must hold; give at least one, and none that is null.",
})
export class StringComparator extends equality<string>(String) {
  @Field(() => String, nullable("Contains this text."))
  readonly contains?: string | null;

  @Field(() => String, nullable("Starts with this text."))
  readonly startsWith?: string | null;

  @Field(() => String, nullable(`Is this text, whatever its case. ${caseRule}`))
  readonly eqIgnoreCase?: string | null;

  @Field(() => String, nullable(`Contains this text, whatever its case. ${caseRule}`))
  readonly containsIgnoreCase?: string | null;
}

@InputType({
  description: "Asks of an instant. All conditions given must hold; one at least is given, and none is null.",
})
export class DateTimeComparator extends ordering<string>(DateTimeScalar) {}

@InputType({
  description:
    "Asks of a whole number. All conditions given must hold; one at least is given, and none is null.",
})
export class IntComparator extends ordering<number>(Int) {}

@InputType({
  description: "Asks of a number. All conditions given must hold; one at least is given, and none is null.",
})
export class FloatComparator extends ordering<number>(Float) {}

@InputType({
  description:
    "Asks of a truth value. All conditions given must hold; one at least is given, and none is null.",
})
export class BooleanComparator extends equality<boolean>(Boolean) {}

@InputType({
  description:
    "Asks how far a session has come. All conditions given must hold; one at least is given, and none is null.",
})
export class SessionStatusComparator extends equality<SessionStatus>(SessionStatus) {}

@InputType({
  description:
    "Asks what became of a delivery. All conditions given must hold; one at least is given, and none is null.",
})
export class WebhookEventStatusComparator extends equality<WebhookEventStatus>(WebhookEventStatus) {}
