import { Field, ObjectType, registerEnumType } from "type-graphql";
import { CursorScalar, DateTimeScalar } from "../../model/scalars.js";

export enum SessionEventType {
  STARTED = "STARTED",
  ENDED = "ENDED",
  ANALYZED = "ANALYZED",
}

registerEnumType(SessionEventType, {
  name: "SessionEventType",
  description: "What happened to a session.",
  valuesConfig: {
    STARTED: { description: "An agent took up the conversation." },
    ENDED: { description: "The session is over." },
    ANALYZED: { description: "Its analysis arrived, or came again with other content." },
  },
});

@ObjectType({ description: "A change of a session, told once and in order.", simpleResolvers: true })
export class SessionEvent {
  @Field(() => CursorScalar, {
    description: "Its place in the feed: pass the last one received as `after` to go on from there.",
  })
  readonly cursor!: string;

  @Field(() => SessionEventType, { description: "What happened." })
  readonly type!: SessionEventType;

  @Field(() => DateTimeScalar, { description: "When this service received the event." })
  readonly receivedAt!: string;

  /** The row is loaded by a field resolver; here is its id. */
  readonly sessionId!: string;
}
