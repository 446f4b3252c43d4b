import { type ClassType, Field, InputType } from "type-graphql";
import { propertiesOf } from "../../model/declare.js";
import type { ComparatorName } from "../../model/kinds.js";
import {
  BooleanComparator,
  DateTimeComparator,
  ExpectationKindComparator,
  FloatComparator,
  IDComparator,
  IntComparator,
  SessionStatusComparator,
  StringComparator,
  WebhookEventStatusComparator,
} from "./comparators.input.js";

const comparators: Readonly<Record<ComparatorName, ClassType>> = {
  ID: IDComparator,
  String: StringComparator,
  DateTime: DateTimeComparator,
  Int: IntComparator,
  Float: FloatComparator,
  Boolean: BooleanComparator,
  SessionStatus: SessionStatusComparator,
  WebhookEventStatus: WebhookEventStatusComparator,
  ExpectationKind: ExpectationKindComparator,
};

/** The base of a filter: a comparator for each declared field that can be compared. */
export function comparisonsOf(type: ClassType): ClassType {
  @InputType()
  abstract class Comparisons {}
  for (const { name, kind, isServed, traits } of propertiesOf(type)) {
    const { comparator } = kind;
    if (!isServed || comparator === undefined || traits.notFiltered !== undefined) continue;
    const { description } = traits;
    Field(() => comparators[comparator], { nullable: true, ...(description && { description }) })(
      Comparisons.prototype,
      name,
    );
  }
  return Comparisons as unknown as ClassType;
}
