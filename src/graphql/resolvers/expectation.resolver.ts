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
import { AgentVersion } from "../../model/agent-version.js";
import { Expectation } from "../../model/expectation.js";
import { Session } from "../../model/session.js";
import { noFilter } from "../../store/readers/filter.js";
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { ExpectationRecord } from "../../store/readers/expectation.reader.js";
import type { SessionRecord } from "../../store/readers/session.reader.js";
import { byId, byStoredIds } from "../batches.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { ExpectationFilter } from "../inputs/expectation-filter.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { Batched } from "../plan/batched.js";
import { agentVersionFields, expectationFields, itemPaths, sessionFields, sliceOf } from "../plan/fields.js";
import { ExpectationConnection, Page } from "../types/connection.type.js";

@ArgsType()
export class ExpectationsArgs extends PageArgs {
  @Field(() => ExpectationFilter, {
    nullable: true,
    description: "Includes only expectations that match. Absent: all of them, open and closed.",
  })
  readonly filter?: ExpectationFilter | null;
}

type ExpectationPage = Page<ExpectationRecord> & { readonly filter: ExpectationFilter };

@Resolver(() => ExpectationConnection)
export class ExpectationConnectionResolver {
  constructor(private readonly cursors: CursorCodec) {}

  @Query(() => ExpectationConnection, {
    nullable: true,
    description: "Lists what should have come and has not, or came late: the last one noticed first.",
  })
  async expectations(
    @Args(() => ExpectationsArgs) { filter, ...page }: ExpectationsArgs,
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ExpectationPage> {
    const query = { filter: filter ?? noFilter, window: windowOf(page, this.cursors, "expectations") };
    const fields = expectationFields(info, itemPaths);
    const slice = await sliceOf(info, () => readers.expectations.page(scope, query, fields));
    return Object.assign(new Page(slice, this.cursors, "expectations"), { filter: query.filter });
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many expectations match the filter, on all pages. Null only if counting failed.",
  })
  async totalCount(
    @Root() page: ExpectationPage,
    @Ctx() { scope, readers }: RequestContext,
  ): Promise<number> {
    return await readers.expectations.count(scope, page.filter);
  }
}

@Resolver(() => Expectation)
export class ExpectationResolver {
  @Query(() => Expectation, {
    nullable: true,
    description: "Reads an expectation by its id. Null where there is none that the caller may see.",
  })
  async expectation(
    @Arg("id", () => ID, { description: "Its id." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ExpectationRecord | null> {
    return await byId(id, context.readers.expectations, expectationFields(info), context);
  }

  @FieldResolver(() => Session, {
    nullable: true,
    description: "The session that it concerns; see sessionId. Null where it was deleted since.",
  })
  @Batched()
  async session(
    @Root() expectations: readonly ExpectationRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(SessionRecord | null)[]> {
    const ids = expectations.map(({ sessionId }) => sessionId);
    return await byStoredIds(ids, context.readers.sessions, sessionFields(info), context);
  }

  @FieldResolver(() => AgentVersion, {
    nullable: true,
    description:
      "The agent version of the session that it concerns. Null where no session of the version is left.",
  })
  @Batched()
  async agentVersion(
    @Root() expectations: readonly ExpectationRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentVersionRecord | null)[]> {
    const ids = expectations.map(({ agentVersionId }) => agentVersionId);
    return await byStoredIds(ids, context.readers.agentVersions, agentVersionFields(info), context);
  }
}
