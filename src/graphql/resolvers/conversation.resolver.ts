import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from "type-graphql";
import type { Feed } from "../../feed/feed.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { noFilter } from "../../store/readers/filter.js";
import type { MessageRecord } from "../../store/readers/message.reader.js";
import type { ConversationRecord } from "../../store/readers/conversation.reader.js";
import type { SessionRecord } from "../../store/readers/session.reader.js";
import { byId, byStoredIds, countsOfEach, different } from "../batches.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { windowOf } from "../inputs/page.args.js";
import { Batched } from "../plan/batched.js";
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
      "Reads a conversation by Whippy's id. Null where the caller may see none of its sessions and messages.",
  })
  async conversation(
    @Arg("id", () => ID, { description: "Whippy's id of the conversation." }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<ConversationRecord | null> {
    return await byId(id, context.readers.conversations, [], context);
  }

  @FieldResolver(() => SessionConnection, {
    nullable: true,
    description: "The sessions that were held in it, the latest start first.",
  })
  @Batched()
  async sessions(
    @Root() conversations: readonly ConversationRecord[],
    @Args(() => OwnSessionsArgs) page: OwnSessionsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionPage[]> {
    const ids = conversations.map(({ id }) => id);
    return await this.ownSessions.pages(ids, page, context, info);
  }

  @FieldResolver(() => MessageConnection, {
    nullable: true,
    description: "All its messages, the oldest first, whether or not a session lists them.",
  })
  @Batched()
  async messages(
    @Root() conversations: readonly ConversationRecord[],
    @Args(() => MessagesArgs) { filter, ...page }: MessagesArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessagePage[]> {
    const list = "conversation.messages";
    const query = { filter: filter ?? noFilter, window: windowOf(page, this.cursors, list) };
    const { messages } = context.readers;
    const ids = different(conversations.map(({ id }) => id));
    const fields = messageFieldsOf(info, itemPaths);
    const slices = await sliceOfEach(info, () => messages.ofConversations(context.scope, ids, query, fields));
    const countOf = countsOfEach(() => messages.countOfConversations(context.scope, ids, query.filter));
    return conversations.map(
      ({ id }) => new MessagePage(slices.get(id) ?? noItems, this.cursors, list, countOf(id)),
    );
  }
}

/** What is known of conversations by those who name them. */
async function conversationsOf(
  named: readonly { readonly conversationId: string; readonly organizationId: string }[],
  context: RequestContext,
  info: GraphQLResolveInfo,
): Promise<(ConversationRecord | null)[]> {
  // Organizations might name one id, and one id is one thing: whoever reads them all is told the same
  // everywhere.
  const isKnown = context.scope.kind === "organization" || !selectedFields(info).has("organizationId");
  if (isKnown) return named.map(({ conversationId: id, organizationId }) => ({ id, organizationId }));
  const ids = named.map(({ conversationId }) => conversationId);
  return await byStoredIds(ids, context.readers.conversations, [], context);
}

@Resolver(() => Session)
export class SessionConversationResolver {
  @FieldResolver(() => Conversation, {
    nullable: true,
    description: "The conversation that it was held in. Null only if reading it failed.",
  })
  @Batched()
  async conversation(
    @Root() sessions: readonly SessionRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(ConversationRecord | null)[]> {
    return await conversationsOf(sessions, context, info);
  }
}

@Resolver(() => Message)
export class MessageConversationResolver {
  @FieldResolver(() => Conversation, {
    nullable: true,
    description: "The conversation that it belongs to. Null only if reading it failed.",
  })
  @Batched()
  async conversation(
    @Root() messages: readonly MessageRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(ConversationRecord | null)[]> {
    return await conversationsOf(messages, context, info);
  }
}
