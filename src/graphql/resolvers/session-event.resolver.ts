import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, FieldResolver, Info, Resolver, Root, Subscription } from "type-graphql";
import { type SessionEventKind, sessionEventKinds } from "../../events/registry.js";
import { sessionAnalyzed } from "../../events/session-analyzed.event.js";
import type { FeedEntry } from "../../store/readers/feed.reader.js";
import { type SessionRecord } from "../../store/readers/session.reader.js";
import type { RequestContext } from "../context.js";
import { SessionGoneError } from "../errors.js";
import { sessionFields } from "../plan/fields.js";
import { SessionFilter } from "../inputs/filters.input.js";
import { CursorScalar } from "../../model/scalars.js";
import { SessionEvent, SessionEventType } from "../types/session-event.type.js";
import { Session } from "../../model/session.js";

const filterDescription = "Sends only changes of sessions that match at the time of sending.";
const afterDescription =
  "Resumes after this position: first the events that were missed, then live ones. Absent: live events only.";

/** What type-graphql hands to a subscription: it has checked the arguments against the schema. */
interface SubscribeCall {
  readonly args: {
    readonly filter?: SessionFilter | null;
    readonly after?: string | null;
    readonly types?: SessionEventKind[] | null;
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
    description: "Sends every change of sessions: in order, each event once.",
    subscribe: ({ args, context }: SubscribeCall) =>
      context.events.want(context.scope, args.types ?? sessionEventKinds, args),
  })
  sessionEvents(
    @Root() event: SessionEvent,
    @Arg("types", () => [SessionEventType], {
      nullable: true,
      description: "Sends only these kinds of changes. Absent: all kinds.",
    })
    _types?: SessionEventKind[],
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
    @Root() event: FeedEntry,
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionRecord> {
    const rows = await readers.sessions.byIds(scope, [event.sessionId], sessionFields(info));
    const [row] = rows;
    if (row === undefined) throw new SessionGoneError();
    return row;
  }
}
