import type { GraphQLResolveInfo } from "graphql";
import { Args, ArgsType, Ctx, Field, FieldResolver, Info, Int, Query, Resolver, Root } from "type-graphql";
import { messageOrder, type MessageRecord } from "../../store/readers/message.reader.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { itemPaths, messageFieldsOf, sliceOf } from "../plan/fields.js";
import { MessageFilter } from "../inputs/filters.input.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { Page } from "../types/connection.type.js";
import { MessageConnection } from "../types/connection.type.js";

@ArgsType()
export class MessagesArgs extends PageArgs {
  @Field(() => MessageFilter, { nullable: true, description: "Which messages; all of them where absent." })
  readonly filter?: MessageFilter | null;
}

/** A page of messages: below a session its count is known, elsewhere it is counted by its filter. */
type MessagePage = Page<MessageRecord> & { readonly messageCount?: number; readonly filter?: MessageFilter };

@Resolver(() => MessageConnection)
export class MessageResolver {
  constructor(private readonly cursors: CursorCodec) {}

  @Query(() => MessageConnection, { description: "Messages of all conversations, the newest first." })
  async messages(
    @Args(() => MessagesArgs) { filter, ...page }: MessagesArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessagePage> {
    const window = windowOf(page, this.cursors, "messages");
    const slice = await sliceOf(info, () =>
      context.readers.messages.page(
        context.scope,
        { filter: filter ?? {}, order: messageOrder(true), window },
        messageFieldsOf(info, ...itemPaths),
      ),
    );
    return Object.assign(new Page(slice, this.cursors, "messages"), { filter: filter ?? {} });
  }

  @FieldResolver(() => Int, { description: "How many messages match, on all pages." })
  async totalCount(@Root() page: MessagePage, @Ctx() context: RequestContext): Promise<number> {
    return page.messageCount ?? (await context.readers.messages.count(context.scope, page.filter ?? {}));
  }
}
