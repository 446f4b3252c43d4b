import { Field, InputType } from "type-graphql";
import { WebhookEvent } from "../../model/webhook-event.js";
import { comparisonsOf } from "./comparisons.input.js";

const nullable = (description: string) => ({ nullable: true, description });

@InputType({
  description:
    "Filters recorded deliveries. All given conditions must hold. An empty whole filter matches every " +
    "delivery.",
})
export class WebhookEventFilter extends comparisonsOf(WebhookEvent) {
  @Field(() => [WebhookEventFilter], nullable("All of these filters must match."))
  readonly and?: WebhookEventFilter[] | null;

  @Field(() => [WebhookEventFilter], nullable("At least one of these filters must match."))
  readonly or?: WebhookEventFilter[] | null;

  @Field(() => WebhookEventFilter, nullable("This filter must not match."))
  readonly not?: WebhookEventFilter | null;
}
