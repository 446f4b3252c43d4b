import { Field, ObjectType, registerEnumType } from "type-graphql";
import { registeredEvents, type SessionEventKind, sessionEventKinds } from "../../events/registry.js";
import { CursorScalar, DateTimeScalar } from "../../model/scalars.js";

/** An enum of GraphQL, made of the registered events. */
export const SessionEventType = Object.fromEntries(sessionEventKinds.map((kind) => [kind, kind]));

registerEnumType(SessionEventType, {
  name: "SessionEventType",
  description: "What happened to a session.",
  valuesConfig: Object.fromEntries(registeredEvents.map(({ kind, description }) => [kind, { description }])),
});

@ObjectType({ description: "A change of a session. Each is sent once, in order.", simpleResolvers: true })
export class SessionEvent {
  @Field(() => CursorScalar, {
    description: "Its position in the feed. Pass the last one received as `after` to continue from there.",
  })
  readonly cursor!: string;

  @Field(() => SessionEventType, { description: "What happened." })
  readonly type!: SessionEventKind;

  @Field(() => DateTimeScalar, { description: "When this service received the event." })
  readonly receivedAt!: string;

  /** The row is loaded by a field resolver; here is its id. */
  readonly sessionId!: string;
}
