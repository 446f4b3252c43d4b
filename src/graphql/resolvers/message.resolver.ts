import type { GraphQLResolveInfo } from "graphql";
import { Args, ArgsType, Ctx, Field, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { noFilter } from "../../store/readers/filter.js";
import { messageOrders, type MessageRecord } from "../../store/readers/message.reader.js";
import type { Slice } from "../../store/readers/page.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { itemPaths, messageFieldsOf, sliceOf } from "../plan/fields.js";
import { MessageFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { Page } from "../types/connection.type.js";
import { MessageConnection } from "../types/connection.type.js";

@ArgsType()
export class MessagesArgs extends PageArgs {
  @Field(() => MessageFilter, {
    nullable: true,
    description: "Returns only messages that match. Absent: all of them.",
  })
  readonly filter?: MessageFilter | null;
}

/** A page of messages that can be counted, together with its neighbours where it is one of many. */
export class MessagePage extends Page<MessageRecord> {
  constructor(
    slice: Slice<MessageRecord>,
    cursors: CursorCodec,
    list: string,
    readonly count: () => Promise<number>,
  ) {
    super(slice, cursors, list);
  }
}

@Resolver(() => MessageConnection)
export class MessageResolver {
  constructor(private readonly cursors: CursorCodec) {}

  @Query(() => MessageConnection, {
    nullable: true,
    description: "Lists messages of all conversations, the newest first.",
  })
  async messages(
    @Args(() => MessagesArgs) { filter, ...page }: MessagesArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessagePage> {
    const { messages } = context.readers;
    const query = {
      filter: filter ?? noFilter,
      order: messageOrders.descending,
      window: windowOf(page, this.cursors, "messages"),
    };
    const slice = await sliceOf(info, () =>
      messages.page(context.scope, query, messageFieldsOf(info, itemPaths)),
    );
    const count = () => messages.count(context.scope, query.filter);
    return new MessagePage(slice, this.cursors, "messages", count);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many messages match the filter, on all pages. Null only if counting failed.",
  })
  async totalCount(@Root() page: MessagePage): Promise<number> {
    return await page.count();
  }
}
