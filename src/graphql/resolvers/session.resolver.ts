import type { GraphQLResolveInfo } from "graphql";
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  Int,
  Query,
  Resolver,
  Root,
} from "type-graphql";
import type { Feed } from "../../feed/feed.js";
import type { FeedPlace } from "../../events/feed-place.js";
import { noFilter } from "../../store/readers/filter.js";
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { AgentVersionRevisionRecord } from "../../store/readers/agent-version-revision.reader.js";
import type { AnalysisRecord } from "../../store/readers/analysis.reader.js";
import { onceFor } from "../../store/readers/once.js";
import type { OrderTerm, Slice } from "../../store/readers/page.js";
import { sessionOrder } from "../../store/readers/session-order.js";
import { type SessionRecord } from "../../store/readers/session.reader.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import {
  agentVersionFields,
  analysisFields,
  itemPaths,
  listNameOf,
  messageFieldsOf,
  noItems,
  revisionFields,
  selectsEventCursor,
  sessionFields,
  sliceOf,
  sliceOfEach,
} from "../plan/fields.js";
import { SessionFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { OrderDirection, SessionOrder } from "../inputs/session-order.input.js";
import { byId, byStoredIds, countsOfEach, different, grouped, inOrder } from "../batches.js";
import { Batched } from "../plan/batched.js";
import { CursorScalar } from "../../model/scalars.js";
import { AgentVersion, AgentVersionRevision } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import { Page } from "../types/connection.type.js";
import { MessageConnection } from "../types/connection.type.js";
import { Session } from "../../model/session.js";
import { SessionConnection } from "../types/connection.type.js";
import { MessagePage, MessagesArgs } from "./message.resolver.js";

@ArgsType()
export class SessionsArgs extends PageArgs {
  @Field(() => SessionFilter, {
    nullable: true,
    description: "Includes only sessions that match. Absent: all of them.",
  })
  readonly filter?: SessionFilter | null;

  @Field(() => [SessionOrder], {
    nullable: true,
    description: "How to sort. Absent: the latest start first.",
  })
  readonly orderBy?: SessionOrder[] | null;
}

/** A page of sessions that can be counted, together with its neighbours where it is one of many. */
export class SessionPage extends Page<SessionRecord> {
  constructor(
    slice: Slice<SessionRecord>,
    cursors: CursorCodec,
    list: string,
    readonly count: () => Promise<number>,
    /** The feed's head before the page was read, where it was asked for. */
    readonly head: FeedPlace | undefined,
  ) {
    super(slice, cursors, list);
  }
}

/** How sessions are sorted, and what that list is called in its cursors. */
function orderOf(orderBy: readonly SessionOrder[]) {
  const order = sessionOrder(
    orderBy.map(({ field, direction }) => ({ field, descending: direction === OrderDirection.DESC })),
  );
  return { order, list: listIn(order) };
}

const listIn = onceFor((order: readonly OrderTerm[]) => listNameOf("sessions", order));

@Resolver(() => SessionConnection)
export class SessionConnectionResolver {
  constructor(
    private readonly feed: Feed,
    private readonly cursors: CursorCodec,
  ) {}

  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many sessions match the filter, on all pages. Null only if counting failed.",
  })
  async totalCount(@Root() page: SessionPage): Promise<number> {
    return await page.count();
  }

  @FieldResolver(() => CursorScalar, {
    description:
      "The position of the feed before this page was read. Pass it as `after` of a subscription: " +
      "nothing is missed in between.",
  })
  async eventCursor(@Root() page: SessionPage): Promise<string> {
    return this.cursors.encodeFeed(page.head ?? (await this.feed.head()));
  }
}

@Resolver(() => Session)
export class SessionResolver {
  constructor(
    private readonly feed: Feed,
    private readonly cursors: CursorCodec,
  ) {}

  @Query(() => Session, {
    nullable: true,
    description: "Reads a session by Whippy's id. Null where there is none that the caller may see.",
  })
  async session(
    @Arg("id", () => ID, { description: "Whippy's id of the session." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionRecord | null> {
    return await byId(id, context.readers.sessions, sessionFields(info), context);
  }

  @Query(() => SessionConnection, {
    nullable: true,
    description: "Lists sessions, the latest start first unless `orderBy` says otherwise.",
  })
  async sessions(
    @Args(() => SessionsArgs) { filter, orderBy, ...page }: SessionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionPage> {
    const { order, list } = orderOf(orderBy ?? []);
    const window = windowOf(page, this.cursors, list);
    const head = selectsEventCursor(info) ? await this.feed.head() : undefined;
    const { sessions } = context.readers;
    const query = { filter: filter ?? noFilter, order, window };
    const slice = await sliceOf(info, () =>
      sessions.page(context.scope, query, sessionFields(info, itemPaths)),
    );
    return new SessionPage(
      slice,
      this.cursors,
      list,
      () => sessions.count(context.scope, query.filter),
      head,
    );
  }

  @FieldResolver(() => AgentVersion, {
    description:
      "The agent version that held it, with the current content of the version. For the content that " +
      "the session had, see agentVersionRevision.",
  })
  @Batched()
  async agentVersion(
    @Root() sessions: readonly SessionRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentVersionRecord | null)[]> {
    return await context.readers.agentVersions.ofSessions(context.scope, sessions, agentVersionFields(info));
  }

  @FieldResolver(() => AgentVersionRevision, {
    description: "The content of the agent version that this session's newest event carried.",
  })
  @Batched()
  async agentVersionRevision(
    @Root() sessions: readonly SessionRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentVersionRevisionRecord | null)[]> {
    const ids = sessions.map(({ revisionId }) => revisionId);
    return await byStoredIds(ids, context.readers.agentVersionRevisions, revisionFields(info), context);
  }

  @FieldResolver(() => Analysis, {
    nullable: true,
    description:
      "The current analysis, exactly as the newest event of an analysis carried it. Null where the " +
      "session has not been analyzed. The session's own chatCompletionRating, chatSummary, " +
      "userSentiment and customAnalysisData keep the last value that was not null; here they are null " +
      "where the current analysis has none.",
  })
  @Batched()
  async analysis(
    @Root() sessions: readonly SessionRecord[],
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AnalysisRecord | null)[]> {
    const ids = sessions.map(({ id }) => id);
    const current = await readers.analyses.currentOfSessions(scope, different(ids), analysisFields(info));
    return inOrder(ids, current, ({ sessionId }) => sessionId);
  }

  @FieldResolver(() => [Analysis], {
    description:
      "All different analyses that were received, the newest first, which is the current one. Empty " +
      "where the session has not been analyzed.",
  })
  @Batched()
  async analysisHistory(
    @Root() sessions: readonly SessionRecord[],
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AnalysisRecord[][]> {
    const ids = sessions.map(({ id }) => id);
    const all = await readers.analyses.ofSessions(scope, different(ids), analysisFields(info));
    return grouped(ids, all, ({ sessionId }) => sessionId);
  }

  @FieldResolver(() => MessageConnection, { nullable: true, description: "Its messages, the oldest first." })
  @Batched()
  async messages(
    @Root() sessions: readonly SessionRecord[],
    @Args(() => MessagesArgs) { filter, ...page }: MessagesArgs,
    @Ctx() { scope, readers: { messages } }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessagePage[]> {
    const list = "session.messages";
    const query = { filter: filter ?? noFilter, window: windowOf(page, this.cursors, list) };
    const listing = [...new Map(sessions.map((session) => [session.id, session])).values()];
    const slices = await sliceOfEach(info, () =>
      messages.ofSessions(scope, listing, query, messageFieldsOf(info, itemPaths)),
    );
    const countOf = countsOfEach(() => messages.countOfSessions(scope, listing, query.filter));
    return sessions.map(
      ({ id }) => new MessagePage(slices.get(id) ?? noItems, this.cursors, list, countOf(id)),
    );
  }
}
