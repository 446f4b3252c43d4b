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
import { noFilter } from "../../store/readers/filter.js";
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { AgentVersionRevisionRecord } from "../../store/readers/agent-version-revision.reader.js";
import { agentVersionSortKeys, orderOf } from "../../store/readers/agent-order.js";
import type { Slice } from "../../store/readers/page.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { agentVersionFields, itemPaths, listNameOf, revisionFields, sliceOf } from "../plan/fields.js";
import { AgentVersionOrder, sortKeysOf } from "../inputs/agent-order.input.js";
import { AgentVersionFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { byId, different, grouped } from "../batches.js";
import { Batched } from "../plan/batched.js";
import { AgentVersion, AgentVersionRevision } from "../../model/agent-version.js";
import { AgentVersionConnection } from "../types/connection.type.js";
import { Page } from "../types/connection.type.js";
import { SessionConnection } from "../types/connection.type.js";
import type { SessionPage } from "./session.resolver.js";
import { OwnSessionsArgs, SessionsOfParents } from "./sessions-of-parents.js";

@ArgsType()
export class AgentVersionsArgs extends PageArgs {
  @Field(() => AgentVersionFilter, {
    nullable: true,
    description: "Returns only agent versions that match. Absent: all of them.",
  })
  readonly filter?: AgentVersionFilter | null;

  @Field(() => [AgentVersionOrder], { nullable: true, description: "How to sort. Absent: by id." })
  readonly orderBy?: AgentVersionOrder[] | null;
}

/** A page of agent versions that can be counted, together with its neighbours where it is one of many. */
export class AgentVersionPage extends Page<AgentVersionRecord> {
  constructor(
    slice: Slice<AgentVersionRecord>,
    cursors: CursorCodec,
    list: string,
    readonly count: () => Promise<number>,
  ) {
    super(slice, cursors, list);
  }
}

@Resolver(() => AgentVersionConnection)
export class AgentVersionConnectionResolver {
  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many agent versions match the filter, on all pages. Null only if counting failed.",
  })
  async totalCount(@Root() page: AgentVersionPage): Promise<number> {
    return await page.count();
  }
}

@Resolver(() => AgentVersion)
export class AgentVersionResolver {
  private readonly ownSessions: SessionsOfParents;

  constructor(
    feed: Feed,
    private readonly cursors: CursorCodec,
  ) {
    this.ownSessions = new SessionsOfParents(feed, cursors, "agentVersionId", "agentVersion.sessions");
  }

  @Query(() => AgentVersion, {
    nullable: true,
    description: "Reads an agent version by Whippy's id. Null where there is none that the caller may see.",
  })
  async agentVersion(
    @Arg("id", () => ID, { description: "Whippy's id of the agent version." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionRecord | null> {
    return await byId(id, context.readers.agentVersions, agentVersionFields(info), context);
  }

  @Query(() => AgentVersionConnection, {
    nullable: true,
    description: "Lists agent versions, sorted by id unless `orderBy` says otherwise.",
  })
  async agentVersions(
    @Args(() => AgentVersionsArgs) { filter, orderBy, ...page }: AgentVersionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionPage> {
    const order = orderOf(agentVersionSortKeys, sortKeysOf(orderBy));
    const list = listNameOf("agentVersions", order);
    const query = { filter: filter ?? noFilter, order, window: windowOf(page, this.cursors, list) };
    const { agentVersions } = context.readers;
    const slice = await sliceOf(info, () =>
      agentVersions.page(context.scope, query, agentVersionFields(info, itemPaths)),
    );
    const count = () => agentVersions.count(context.scope, query.filter);
    return new AgentVersionPage(slice, this.cursors, list, count);
  }

  @FieldResolver(() => [AgentVersionRevision], {
    description: "All different contents that it was received with, the oldest receivedAt first.",
  })
  @Batched()
  async revisions(
    @Root() versions: readonly AgentVersionRecord[],
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionRevisionRecord[][]> {
    const ids = versions.map(({ id }) => id);
    const { agentVersionRevisions } = readers;
    const rows = await agentVersionRevisions.ofVersions(scope, different(ids), revisionFields(info));
    return grouped(ids, rows, ({ agentVersionId }) => agentVersionId);
  }

  @FieldResolver(() => SessionConnection, {
    nullable: true,
    description: "The sessions that it held, the latest start first.",
  })
  @Batched()
  async sessions(
    @Root() versions: readonly AgentVersionRecord[],
    @Args(() => OwnSessionsArgs) page: OwnSessionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionPage[]> {
    const ids = versions.map(({ id }) => id);
    return await this.ownSessions.pages(ids, page, context, info);
  }
}
