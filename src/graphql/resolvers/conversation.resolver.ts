import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from "type-graphql";
import type { Feed } from "../../feed/feed.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { storedId } from "../../model/kinds.js";
import type { MessageRecord } from "../../store/readers/message.reader.js";
import type { ConversationRecord } from "../../store/readers/conversation.reader.js";
import type { SessionRecord } from "../../store/readers/session.reader.js";
import { byStoredId, countsOfEach } from "../batches.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { windowOf } from "../inputs/page.args.js";
import { itemPaths, messageFieldsOf, noItems, sliceOfEach } from "../plan/fields.js";
import { selectedFields } from "../plan/selection.js";
import { MessageConnection, SessionConnection } from "../types/connection.type.js";
import { Conversation } from "../types/conversation.type.js";
import { MessagePage, MessagesArgs } from "./message.resolver.js";
import type { SessionPage } from "./session.resolver.js";
import { OwnSessionsArgs, SessionsOfParents } from "./sessions-of-parents.js";

@Resolver(() => Conversation)
export class ConversationResolver {
  private readonly ownSessions: SessionsOfParents;

  constructor(
    feed: Feed,
    private readonly cursors: CursorCodec,
  ) {
    this.ownSessions = new SessionsOfParents(feed, cursors, "conversationId", "conversation.sessions");
  }

  @Query(() => Conversation, {
    nullable: true,
    description:
      "A conversation by Whippy's id; null where the caller may see none of its sessions and messages.",
  })
  async conversation(
    @Arg("id", () => ID, { description: "Whippy's id of the conversation." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConversationRecord | null> {
    return await conversationById(storedId(id), context, info);
  }

  @FieldResolver(() => SessionConnection, {
    nullable: true,
    description: "The sessions that were held in it, the newest start first.",
  })
  async sessions(
    @Root() conversation: ConversationRecord,
    @Args(() => OwnSessionsArgs) page: OwnSessionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionPage> {
    return await this.ownSessions.page(conversation.id, page, context, info);
  }

  @FieldResolver(() => MessageConnection, {
    nullable: true,
    description: "Its messages, whichever session lists them, the oldest first.",
  })
  async messages(
    @Root() conversation: ConversationRecord,
    @Args(() => MessagesArgs) { filter, ...page }: MessagesArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessagePage> {
    const list = "conversation.messages";
    const query = { filter: filter ?? {}, window: windowOf(page, this.cursors, list) };
    const { messages } = context.readers;
    return await context.load(info, conversation.id, async (ids) => {
      const fields = messageFieldsOf(info, ...itemPaths);
      const slices = await sliceOfEach(info, () =>
        messages.ofConversations(context.scope, ids, query, fields),
      );
      const countOf = countsOfEach(() => messages.countOfConversations(context.scope, ids, query.filter));
      return ids.map((id) => new MessagePage(slices.get(id) ?? noItems, this.cursors, list, countOf(id)));
    });
  }
}

/** What is known of a conversation by those who name it. */
async function conversationOf(
  known: ConversationRecord,
  context: RequestContext,
  info: GraphQLResolveInfo,
): Promise<ConversationRecord | null> {
  // Organizations might name one id, and one id is one thing: whoever reads them all is told the same
  // everywhere.
  const isKnown = context.scope.kind === "organization" || !selectedFields(info).has("organizationId");
  return isKnown ? known : await conversationById(known.id, context, info);
}

async function conversationById(
  id: string,
  context: RequestContext,
  info: GraphQLResolveInfo,
): Promise<ConversationRecord | null> {
  return await byStoredId(id, context.readers.conversations, [], { context, info });
}

@Resolver(() => Session)
export class SessionConversationResolver {
  @FieldResolver(() => Conversation, {
    nullable: true,
    description: "The conversation that it was held in.",
  })
  async conversation(
    @Root() { conversationId, organizationId }: SessionRecord,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConversationRecord | null> {
    return await conversationOf({ id: conversationId, organizationId }, context, info);
  }
}

@Resolver(() => Message)
export class MessageConversationResolver {
  @FieldResolver(() => Conversation, {
    nullable: true,
    description: "The conversation that it belongs to.",
  })
  async conversation(
    @Root() { conversationId, organizationId }: MessageRecord,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ConversationRecord | null> {
    return await conversationOf({ id: conversationId, organizationId }, context, info);
  }
}
