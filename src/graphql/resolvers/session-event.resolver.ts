import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Resolver, Root, Subscription } from "type-graphql";
import { type FeedKind, overdueKind, sessionEventKinds } from "../../events/registry.js";
import { sessionAnalyzed } from "../../events/session-analyzed.event.js";
import { type SessionRecord } from "../../store/readers/session.reader.js";
import type { RequestContext } from "../context.js";
import { SessionGoneError } from "../errors.js";
import { expectationFields, sessionFields } from "../plan/fields.js";
import { SessionFilter } from "../inputs/filters.input.js";
import { CursorScalar } from "../../model/scalars.js";
import { SessionEvent, SessionEventType } from "../types/session-event.type.js";
import { Expectation } from "../../model/expectation.js";
import { Session } from "../../model/session.js";
import type { ExpectationRecord } from "../../store/readers/expectation.reader.js";

const filterDescription = "Sends only changes of sessions that match at the time of sending.";
const afterDescription =
  "Resumes after this position: first the events that were missed, then live ones. Absent: live events only.";

/** What type-graphql hands to a subscription: it has checked the arguments against the schema. */
interface SubscribeCall {
  readonly args: {
    readonly filter?: SessionFilter | null;
    readonly after?: string | null;
    readonly types?: FeedKind[] | null;
  };
  readonly context: RequestContext;
}

@Resolver(() => SessionEvent)
export class SessionEventResolver {
  @Subscription(() => SessionEvent, {
    description: "Sends each session when its analysis arrives: in order, each event once.",
    subscribe: ({ args, context }: SubscribeCall) =>
      context.events.want(context.scope, [sessionAnalyzed.kind], args),
  })
  sessionAnalyzed(
    @Root() event: SessionEvent,
    @Arg("filter", () => SessionFilter, { nullable: true, description: filterDescription })
    _filter?: SessionFilter,
    @Arg("after", () => CursorScalar, { nullable: true, description: afterDescription }) _after?: string,
  ): SessionEvent {
    return event;
  }

  @Subscription(() => SessionEvent, {
    description:
      "Sends every change of sessions, and what is overdue if asked for: in order, each event once.",
    subscribe: ({ args, context }: SubscribeCall) =>
      context.events.want(context.scope, args.types ?? sessionEventKinds, args),
  })
  sessionEvents(
    @Root() event: SessionEvent,
    @Arg("types", () => [SessionEventType], {
      nullable: true,
      description: "Sends only these kinds. Absent: all changes of sessions, which is all kinds but OVERDUE.",
    })
    _types?: FeedKind[],
    @Arg("filter", () => SessionFilter, { nullable: true, description: filterDescription })
    _filter?: SessionFilter,
    @Arg("after", () => CursorScalar, { nullable: true, description: afterDescription }) _after?: string,
  ): SessionEvent {
    return event;
  }

  @FieldResolver(() => Session, {
    description: "The session as it is now, which may be newer than the event.",
  })
  async session(
    @Root() event: SessionEvent,
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionRecord> {
    const rows = await readers.sessions.byIds(scope, [event.sessionId], sessionFields(info));
    const [row] = rows;
    if (row === undefined) throw new SessionGoneError();
    return row;
  }

  @FieldResolver(() => Expectation, {
    nullable: true,
    description:
      "What is overdue, as it is now: it may have closed since. Null for every other type than OVERDUE.",
  })
  async expectation(
    @Root() event: SessionEvent,
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ExpectationRecord | null> {
    if (event.type !== overdueKind) return null;
    const [row] = await readers.expectations.byIds(scope, [event.eventId], expectationFields(info));
    return row ?? null;
  }
}
