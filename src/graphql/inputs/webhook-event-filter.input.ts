import { Field, InputType } from "type-graphql";
import { WebhookEvent } from "../../model/webhook-event.js";
import { comparisonsOf } from "./comparisons.input.js";

const nullable = (description: string) => ({ nullable: true, description });

@InputType({
  description:
    "Which recorded deliveries are meant. All conditions given must hold; a whole filter that is empty matches every one.",
})
export class WebhookEventFilter extends comparisonsOf(WebhookEvent) {
  @Field(() => [WebhookEventFilter], nullable("All of these filters match."))
  readonly and?: WebhookEventFilter[] | null;

  @Field(() => [WebhookEventFilter], nullable("At least one of these filters matches."))
  readonly or?: WebhookEventFilter[] | null;

  @Field(() => WebhookEventFilter, nullable("This filter does not match."))
  readonly not?: WebhookEventFilter | null;
}
