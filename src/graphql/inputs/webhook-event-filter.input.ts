import { Field, InputType } from "type-graphql";
import {
  DateTimeComparator,
  IDComparator,
  IntComparator,
  StringComparator,
  WebhookEventStatusComparator,
} from "./comparators.input.js";

const nullable = (description: string) => ({ nullable: true, description });

@InputType({
  description:
    "Which recorded deliveries are meant. All conditions given must hold; an empty filter matches every one.",
})
export class WebhookEventFilter {
  @Field(() => [WebhookEventFilter], nullable("All of these filters match."))
  readonly and?: WebhookEventFilter[] | null;

  @Field(() => [WebhookEventFilter], nullable("At least one of these filters matches."))
  readonly or?: WebhookEventFilter[] | null;

  @Field(() => WebhookEventFilter, nullable("This filter does not match."))
  readonly not?: WebhookEventFilter | null;

  @Field(() => IDComparator, nullable("Our id of the delivery."))
  readonly id?: IDComparator | null;

  @Field(() => StringComparator, nullable("Whippy's id of the delivery."))
  readonly requestId?: StringComparator | null;

  @Field(() => StringComparator, nullable("The envelope's event."))
  readonly eventType?: StringComparator | null;

  @Field(() => StringComparator, nullable("The envelope's api_version."))
  readonly apiVersion?: StringComparator | null;

  @Field(() => WebhookEventStatusComparator, nullable("What became of it."))
  readonly status?: WebhookEventStatusComparator | null;

  @Field(() => StringComparator, nullable("Why it is dead."))
  readonly error?: StringComparator | null;

  @Field(() => StringComparator, nullable("What was left out of it, as JSON; null where nothing was."))
  readonly notes?: StringComparator | null;

  @Field(() => DateTimeComparator, nullable("When it was received."))
  readonly receivedAt?: DateTimeComparator | null;

  @Field(() => DateTimeComparator, nullable("The envelope's created_at."))
  readonly createdAt?: DateTimeComparator | null;

  @Field(() => IDComparator, nullable("The organization it speaks of."))
  readonly organizationId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The session it speaks of."))
  readonly sessionId?: IDComparator | null;

  @Field(() => StringComparator, nullable("The scheme its signature was verified under."))
  readonly signatureScheme?: StringComparator | null;

  @Field(() => IntComparator, nullable("Which of WEBHOOK_SECRETS verified it, from 0."))
  readonly signatureKeyIndex?: IntComparator | null;

  @Field(() => IntComparator, nullable("The size of the body in bytes."))
  readonly sizeBytes?: IntComparator | null;

  @Field(() => IDComparator, nullable("SHA-256 of the body as it came."))
  readonly bodySha256?: IDComparator | null;
}
