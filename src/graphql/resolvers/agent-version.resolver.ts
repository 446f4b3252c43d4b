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
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { AgentVersionRevisionRecord } from "../../store/readers/agent-version-revision.reader.js";
import { sessionOrder } from "../../store/readers/session-order.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import {
  agentVersionFields,
  itemPaths,
  noItems,
  revisionFields,
  sessionFields,
  sliceOf,
  sliceOfEach,
} from "../plan/fields.js";
import { AgentVersionFilter, SessionFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { byId, countsOfEach, grouped } from "../batches.js";
import { selectedFields } from "../plan/selection.js";
import { AgentVersion, AgentVersionRevision } from "../../model/agent-version.js";
import { AgentVersionConnection } from "../types/connection.type.js";
import { Page } from "../types/connection.type.js";
import { SessionConnection } from "../types/connection.type.js";
import { SessionPage } from "./session.resolver.js";

@ArgsType()
export class AgentVersionsArgs extends PageArgs {
  @Field(() => AgentVersionFilter, {
    nullable: true,
    description: "Which agent versions; all of them where absent.",
  })
  readonly filter?: AgentVersionFilter | null;
}

@ArgsType()
export class AgentVersionSessionsArgs extends PageArgs {
  @Field(() => SessionFilter, {
    nullable: true,
    description: "Which of its sessions; all of them where absent.",
  })
  readonly filter?: SessionFilter | null;
}

type AgentVersionPage = Page<AgentVersionRecord> & { readonly filter: AgentVersionFilter };

@Resolver(() => AgentVersionConnection)
export class AgentVersionConnectionResolver {
  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many agent versions match the filter, on all pages.",
  })
  async totalCount(@Root() page: AgentVersionPage, @Ctx() context: RequestContext): Promise<number> {
    return await context.readers.agentVersions.count(context.scope, page.filter);
  }
}

@Resolver(() => AgentVersion)
export class AgentVersionResolver {
  constructor(
    private readonly feed: Feed,
    private readonly cursors: CursorCodec,
  ) {}

  @Query(() => AgentVersion, {
    nullable: true,
    description: "An agent version by Whippy's id; null where there is none (for the caller).",
  })
  async agentVersion(
    @Arg("id", () => ID, { description: "Whippy's id of the agent version." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionRecord | null> {
    return await byId(id, context.readers.agentVersions, agentVersionFields(info), { context, info });
  }

  @Query(() => AgentVersionConnection, { nullable: true, description: "Agent versions, by id." })
  async agentVersions(
    @Args(() => AgentVersionsArgs) { filter, ...page }: AgentVersionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionPage> {
    const window = windowOf(page, this.cursors, "agentVersions");
    const slice = await sliceOf(info, () =>
      context.readers.agentVersions.page(
        context.scope,
        { filter: filter ?? {}, window },
        agentVersionFields(info, ...itemPaths),
      ),
    );
    return Object.assign(new Page(slice, this.cursors, "agentVersions"), { filter: filter ?? {} });
  }

  @FieldResolver(() => [AgentVersionRevision], {
    description: "Every distinct content it was received with, the first received first.",
  })
  async revisions(
    @Root() version: AgentVersionRecord,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionRevisionRecord[]> {
    return await context.load(info, version.id, async (ids) => {
      const { agentVersionRevisions } = context.readers;
      const rows = await agentVersionRevisions.ofVersions(context.scope, ids, revisionFields(info));
      return grouped(ids, rows, (row) => row.agentVersionId);
    });
  }

  @FieldResolver(() => SessionConnection, {
    nullable: true,
    description: "The sessions it held, the newest start first.",
  })
  async sessions(
    @Root() version: AgentVersionRecord,
    @Args(() => AgentVersionSessionsArgs) { filter, ...page }: AgentVersionSessionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionPage> {
    const list = "agentVersion.sessions";
    const window = windowOf(page, this.cursors, list);
    const { sessions } = context.readers;
    return await context.load(info, version.id, async (ids) => {
      const head = selectedFields(info).has("eventCursor") ? await this.feed.head() : undefined;
      const query = { filter: filter ?? {}, order: sessionOrder([]), window };
      const fields = sessionFields(info, ...itemPaths);
      const slices = await sliceOfEach(info, () =>
        sessions.ofAgentVersions(context.scope, ids, query, fields),
      );
      const countOf = countsOfEach(() => sessions.countOfAgentVersions(context.scope, ids, query.filter));
      return ids.map(
        (id) => new SessionPage(slices.get(id) ?? noItems, this.cursors, list, countOf(id), head),
      );
    });
  }
}
