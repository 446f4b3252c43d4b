import { Field, ObjectType, registerEnumType } from "type-graphql";
import { type FeedKind, feedKinds, overdueKind, registeredEvents } from "../../events/registry.js";
import { CursorScalar, DateTimeScalar } from "../../model/scalars.js";

/** An enum of GraphQL, made of the registered events and of what no event says. */
export const SessionEventType = Object.fromEntries(feedKinds.map((kind) => [kind, kind]));

registerEnumType(SessionEventType, {
  name: "SessionEventType",
  description: "What happened to a session.",
  valuesConfig: {
    ...Object.fromEntries(registeredEvents.map(({ kind, description }) => [kind, { description }])),
    [overdueKind]: {
      description:
        "Something that should have come is missing, such as its analysis: see SessionEvent.expectation.",
    },
  },
});

@ObjectType({
  description: "A change of a session, or something of it that is overdue. Each is sent once, in order.",
  simpleResolvers: true,
})
export class SessionEvent {
  @Field(() => CursorScalar, {
    description: "Its position in the feed. Pass the last one received as `after` to continue from there.",
  })
  readonly cursor!: string;

  @Field(() => SessionEventType, { description: "What happened." })
  readonly type!: FeedKind;

  @Field(() => DateTimeScalar, {
    description: "When this service received the event, or noticed what is overdue.",
  })
  readonly receivedAt!: string;

  /** Rows are loaded by field resolvers; here are their ids. */
  readonly sessionId!: string;
  readonly eventId!: string;
}
