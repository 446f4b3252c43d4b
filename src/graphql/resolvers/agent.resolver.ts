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
import { Agent } from "../../model/agent.js";
import { AgentVersion } from "../../model/agent-version.js";
import { Session } from "../../model/session.js";
import { noFilter } from "../../store/readers/filter.js";
import { agentSortKeys, agentVersionSortKeys, orderOf } from "../../store/readers/agent-order.js";
import type { AgentRecord } from "../../store/readers/agent.reader.js";
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { SessionRecord } from "../../store/readers/session.reader.js";
import { byId, byStoredIds, countsOfEach, different } from "../batches.js";
import { Batched } from "../plan/batched.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { AgentOrder, AgentVersionOrder, sortKeysOf } from "../inputs/agent-order.input.js";
import { AgentFilter, AgentVersionFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import {
  agentFields,
  agentVersionFields,
  itemPaths,
  listNameOf,
  noItems,
  sliceOf,
  sliceOfEach,
} from "../plan/fields.js";
import {
  AgentConnection,
  AgentVersionConnection,
  Page,
  SessionConnection,
} from "../types/connection.type.js";
import { AgentVersionPage } from "./agent-version.resolver.js";
import type { SessionPage } from "./session.resolver.js";
import { OwnSessionsArgs, SessionsOfParents } from "./sessions-of-parents.js";

@ArgsType()
export class AgentsArgs extends PageArgs {
  @Field(() => AgentFilter, {
    nullable: true,
    description: "Returns only agents that match. Absent: all of them.",
  })
  readonly filter?: AgentFilter | null;

  @Field(() => [AgentOrder], { nullable: true, description: "How to sort. Absent: by id." })
  readonly orderBy?: AgentOrder[] | null;
}

@ArgsType()
export class OwnVersionsArgs extends PageArgs {
  @Field(() => AgentVersionFilter, {
    nullable: true,
    description: "Returns only versions that match. Absent: all of its versions.",
  })
  readonly filter?: AgentVersionFilter | null;

  @Field(() => [AgentVersionOrder], { nullable: true, description: "How to sort. Absent: by id." })
  readonly orderBy?: AgentVersionOrder[] | null;
}

/** What sessions and versions know of their agent. */
type AgentKey = Pick<AgentRecord, "id" | "organizationId">;

type AgentPage = Page<AgentRecord> & { readonly filter: AgentFilter };

@Resolver(() => AgentConnection)
export class AgentConnectionResolver {
  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many agents match the filter, on all pages. Null only if counting failed.",
  })
  async totalCount(@Root() page: AgentPage, @Ctx() context: RequestContext): Promise<number> {
    return await context.readers.agents.count(context.scope, page.filter);
  }
}

@Resolver(() => Agent)
export class AgentResolver {
  private readonly ownSessions: SessionsOfParents;

  constructor(
    feed: Feed,
    private readonly cursors: CursorCodec,
  ) {
    this.ownSessions = new SessionsOfParents(feed, cursors, "agentId", "agent.sessions");
  }

  @Query(() => Agent, {
    nullable: true,
    description: "Reads an agent by Whippy's id. Null where there is none that the caller may see.",
  })
  async agent(
    @Arg("id", () => ID, { description: "Whippy's id of the agent." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentRecord | null> {
    return await byId(id, context.readers.agents, agentFields(info), context);
  }

  @Query(() => AgentConnection, {
    nullable: true,
    description: "Lists agents, sorted by id unless `orderBy` says otherwise.",
  })
  async agents(
    @Args(() => AgentsArgs) { filter, orderBy, ...page }: AgentsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentPage> {
    const order = orderOf(agentSortKeys, sortKeysOf(orderBy));
    const list = listNameOf("agents", order);
    const query = { filter: filter ?? noFilter, order, window: windowOf(page, this.cursors, list) };
    const slice = await sliceOf(info, () =>
      context.readers.agents.page(context.scope, query, agentFields(info, itemPaths)),
    );
    return Object.assign(new Page(slice, this.cursors, list), { filter: query.filter });
  }

  @FieldResolver(() => AgentVersionConnection, {
    nullable: true,
    description: "Its versions, each with its current content; sorted by id unless `orderBy` says otherwise.",
  })
  @Batched()
  async versions(
    @Root() agents: readonly AgentKey[],
    @Args(() => OwnVersionsArgs) { filter, orderBy, ...page }: OwnVersionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionPage[]> {
    const order = orderOf(agentVersionSortKeys, sortKeysOf(orderBy));
    const list = listNameOf("agent.versions", order);
    const query = { filter: filter ?? noFilter, order, window: windowOf(page, this.cursors, list) };
    const { agentVersions } = context.readers;
    const ids = different(agents.map(({ id }) => id));
    const fields = agentVersionFields(info, itemPaths);
    const slices = await sliceOfEach(info, () => agentVersions.ofAgents(context.scope, ids, query, fields));
    const countOf = countsOfEach(() => agentVersions.countOfAgents(context.scope, ids, query.filter));
    return agents.map(
      ({ id }) => new AgentVersionPage(slices.get(id) ?? noItems, this.cursors, list, countOf(id)),
    );
  }

  @FieldResolver(() => SessionConnection, {
    nullable: true,
    description: "The sessions that it held, in any version; the latest start first.",
  })
  @Batched()
  async sessions(
    @Root() agents: readonly AgentKey[],
    @Args(() => OwnSessionsArgs) page: OwnSessionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionPage[]> {
    const ids = agents.map(({ id }) => id);
    return await this.ownSessions.pages(ids, page, context, info);
  }
}

@Resolver(() => Session)
export class SessionAgentResolver {
  @FieldResolver(() => Agent, {
    nullable: true,
    description: "The agent that held it. Null only if reading it failed.",
  })
  @Batched()
  async agent(
    @Root() sessions: readonly SessionRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentRecord | AgentKey | null)[]> {
    return await agentsOf(sessions, context, info);
  }
}

@Resolver(() => AgentVersion)
export class AgentVersionAgentResolver {
  @FieldResolver(() => Agent, {
    nullable: true,
    description: "The agent that it is a version of. Null where no session of the agent is left.",
  })
  @Batched()
  async agent(
    @Root() versions: readonly AgentVersionRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentRecord | AgentKey | null)[]> {
    return await agentsOf(versions, context, info);
  }
}

/**
 * Within one organization the key is known. Whoever asks for no more than that, or for what hangs on it,
 * needs no statement.
 */
async function agentsOf(
  named: readonly { readonly agentId: string; readonly organizationId: string }[],
  context: RequestContext,
  info: GraphQLResolveInfo,
): Promise<(AgentRecord | AgentKey | null)[]> {
  const known = context.scope.kind === "organization" ? ["id", "organizationId"] : ["id"];
  const fields = agentFields(info);
  if (fields.every((field) => known.includes(field)))
    return named.map(({ agentId: id, organizationId }) => ({ id, organizationId }));
  const ids = named.map(({ agentId }) => agentId);
  return await byStoredIds(ids, context.readers.agents, fields, context);
}
