import { Field, InputType } from "type-graphql";
import { Expectation } from "../../model/expectation.js";
import { comparisonsOf } from "./comparisons.input.js";

const nullable = (description: string) => ({ nullable: true, description });

@InputType({
  description:
    "Filters expectations. All given conditions must hold. An empty whole filter matches every " +
    "expectation; closedAt: { null: true } those that are open.",
})
export class ExpectationFilter extends comparisonsOf(Expectation) {
  @Field(() => [ExpectationFilter], nullable("All of these filters must match."))
  readonly and?: ExpectationFilter[] | null;

  @Field(() => [ExpectationFilter], nullable("At least one of these filters must match."))
  readonly or?: ExpectationFilter[] | null;

  @Field(() => ExpectationFilter, nullable("This filter must not match."))
  readonly not?: ExpectationFilter | null;
}
