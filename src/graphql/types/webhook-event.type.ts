import { Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { DateTimeScalar } from "../scalars.js";
import { connectionOf, edgeOf } from "./connection.type.js";

const nullable = (description: string) => ({ nullable: true, description });

/** What became of a delivery. The values are those of the column. */
export enum WebhookEventStatus {
  PROJECTED = "projected",
  IGNORED = "ignored",
  DEAD = "dead",
}

registerEnumType(WebhookEventStatus, {
  name: "WebhookEventStatus",
  description: "What became of a recorded delivery.",
  valuesConfig: {
    PROJECTED: { description: "Its meaning is in the sessions." },
    IGNORED: { description: "Its type is not understood (yet)." },
    DEAD: { description: "Its type is understood, its data is not; it can be replayed." },
  },
});

@ObjectType({
  description: "A field of a delivery that was left out, never its value.",
  simpleResolvers: true,
})
export class FieldNote {
  @Field(() => String, { description: "Where it stands, such as data.messages.0.to." })
  readonly field!: string;

  @Field(() => String, { description: "The rule it breaks." })
  readonly rule!: string;
}

@ObjectType({
  description: "A recorded delivery: its bytes as they came, but for what erasures took out.",
  simpleResolvers: true,
})
export class WebhookEvent {
  @Field(() => ID, { description: "Our id; its order is the order of receipt." })
  readonly id!: string;

  @Field(() => String, nullable("Whippy's id of the delivery; null where it named none."))
  readonly requestId!: string | null;

  @Field(() => String, { description: "The envelope's event, such as conversation_agent_session.analyzed." })
  readonly eventType!: string;

  @Field(() => String, nullable("The envelope's api_version, such as v1."))
  readonly apiVersion!: string | null;

  @Field(() => WebhookEventStatus, { description: "What became of it." })
  readonly status!: WebhookEventStatus;

  @Field(() => String, nullable("Why it is dead: fields and the rules they break."))
  readonly error!: string | null;

  @Field(() => [FieldNote], {
    description:
      "What of it is odd and was left out; the body holds it. The first 20, and how many more there are.",
  })
  readonly notes!: readonly FieldNote[];

  @Field(() => DateTimeScalar, { description: "When it was received." })
  readonly receivedAt!: string;

  @Field(() => DateTimeScalar, nullable("The envelope's created_at."))
  readonly createdAt!: string | null;

  @Field(() => ID, nullable("The organization it speaks of, where it was understood."))
  readonly organizationId!: string | null;

  @Field(() => ID, nullable("The session it speaks of, where it was understood."))
  readonly sessionId!: string | null;

  @Field(() => String, nullable("The scheme its signature was verified under; null where none was."))
  readonly signatureScheme!: string | null;

  @Field(() => Int, nullable("Which of WEBHOOK_SECRETS verified it, from 0."))
  readonly signatureKeyIndex!: number | null;

  @Field(() => Int, { description: "The size of the body in bytes." })
  readonly sizeBytes!: number;

  @Field(() => ID, {
    description: "SHA-256 of the body as it came, also where erasures took something out of it.",
  })
  readonly bodySha256!: string;
}

const WebhookEventEdge = edgeOf("WebhookEvent", () => WebhookEvent);

@ObjectType({ description: "A page of recorded deliveries.", simpleResolvers: true })
export class WebhookEventConnection extends connectionOf(() => WebhookEvent, WebhookEventEdge) {}
