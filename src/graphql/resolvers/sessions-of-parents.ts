import type { GraphQLResolveInfo } from "graphql";
import { ArgsType, Field } from "type-graphql";
import type { Feed } from "../../feed/feed.js";
import { noFilter } from "../../store/readers/filter.js";
import { sessionOrder } from "../../store/readers/session-order.js";
import type { ParentKind } from "../../store/readers/session.reader.js";
import { countsOfEach, different } from "../batches.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { SessionFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { itemPaths, noItems, selectsEventCursor, sessionFields, sliceOfEach } from "../plan/fields.js";
import { SessionPage } from "./session.resolver.js";

@ArgsType()
export class OwnSessionsArgs extends PageArgs {
  @Field(() => SessionFilter, {
    nullable: true,
    description: "Returns only sessions that match. Absent: all of its sessions.",
  })
  readonly filter?: SessionFilter | null;
}

/** The sessions below things of one kind: the newest start first, a page of each in one statement for all. */
export class SessionsOfParents {
  /** @param list names the connection in its cursors */
  constructor(
    private readonly feed: Feed,
    private readonly cursors: CursorCodec,
    private readonly kind: ParentKind,
    private readonly list: string,
  ) {}

  async pages(
    parentIds: readonly string[],
    { filter, ...page }: OwnSessionsArgs,
    context: RequestContext,
    info: GraphQLResolveInfo,
  ): Promise<SessionPage[]> {
    const { kind, list, cursors } = this;
    const query = {
      filter: filter ?? noFilter,
      order: sessionOrder([]),
      window: windowOf(page, cursors, list),
    };
    const { sessions } = context.readers;
    const ids = different(parentIds);
    const head = selectsEventCursor(info) ? await this.feed.head() : undefined;
    const fields = sessionFields(info, itemPaths);
    const slices = await sliceOfEach(info, () => sessions.ofParents(context.scope, kind, ids, query, fields));
    const countOf = countsOfEach(() => sessions.countOfParents(context.scope, kind, ids, query.filter));
    return parentIds.map(
      (id) => new SessionPage(slices.get(id) ?? noItems, cursors, list, countOf(id), head),
    );
  }
}
