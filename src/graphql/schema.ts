import type { GraphQLObjectType, GraphQLSchema } from "graphql";
import { buildSchema, type ClassType } from "type-graphql";
import type { Access } from "../access/access.js";
import type { Feed } from "../feed/feed.js";
import type { Limits } from "./admission/limits.js";
import type { CursorCodec } from "./cursors.js";
import { resolveDirectly } from "./direct-resolvers.js";
import { refuseEmptyArguments } from "./inputs/empty-inputs.js";
import {
  AgentVersionContentResolver,
  AgentVersionRevisionResolver,
} from "./resolvers/agent-version-revision.resolver.js";
import { AnalysisResolver } from "./resolvers/analysis.resolver.js";
import { AgentVersionConnectionResolver, AgentVersionResolver } from "./resolvers/agent-version.resolver.js";
import {
  AgentConnectionResolver,
  AgentResolver,
  AgentVersionAgentResolver,
  SessionAgentResolver,
} from "./resolvers/agent.resolver.js";
import {
  ConversationResolver,
  MessageConversationResolver,
  SessionConversationResolver,
} from "./resolvers/conversation.resolver.js";
import { ExpectationConnectionResolver, ExpectationResolver } from "./resolvers/expectation.resolver.js";
import { MessageResolver } from "./resolvers/message.resolver.js";
import { NodeResolver } from "./resolvers/node.resolver.js";
import { WebhookEventConnectionResolver, WebhookEventResolver } from "./resolvers/webhook-event.resolver.js";
import { SessionEventResolver } from "./resolvers/session-event.resolver.js";
import { SessionStatsGroupResolver, SessionStatsResolver } from "./resolvers/session-stats.resolver.js";
import { SessionConnectionResolver, SessionResolver } from "./resolvers/session.resolver.js";
import { ViewerResolver } from "./resolvers/viewer.resolver.js";

/** What resolvers are made of. */
export interface SchemaParts {
  readonly feed: Feed;
  readonly cursors: CursorCodec;
  /** How much one operation may ask for. */
  readonly limits: Limits;
  readonly access: Pick<Access, "limits" | "connections">;
}

/** Builds the executable schema; resolvers get their parts by construction. */
export async function createSchema({ feed, cursors, limits, access }: SchemaParts): Promise<GraphQLSchema> {
  const resolvers = [
    new SessionResolver(feed, cursors),
    new SessionConnectionResolver(feed, cursors),
    new MessageResolver(cursors),
    new AgentVersionResolver(feed, cursors),
    new AgentVersionConnectionResolver(),
    new AgentVersionContentResolver(),
    new AgentVersionRevisionResolver(),
    new AgentResolver(feed, cursors),
    new AgentConnectionResolver(),
    new SessionAgentResolver(),
    new AgentVersionAgentResolver(),
    new ConversationResolver(feed, cursors),
    new SessionConversationResolver(),
    new MessageConversationResolver(),
    new AnalysisResolver(),
    new NodeResolver(),
    new ViewerResolver(access, limits),
    new SessionStatsResolver(limits),
    new SessionStatsGroupResolver(),
    new SessionEventResolver(),
    new WebhookEventConnectionResolver(cursors),
    new WebhookEventResolver(),
    new ExpectationConnectionResolver(cursors),
    new ExpectationResolver(),
  ];
  const instances = new Map(resolvers.map((resolver) => [resolver.constructor, resolver as unknown]));
  const schema = await buildSchema({
    resolvers: [...instances.keys()] as [ClassType],
    container: { get: (resolver: ClassType) => instances.get(resolver) },
    validate: false,
    pubSub: unusedPubSub,
  });
  resolveDirectly(schema, instances);
  refuseEmptyArguments(schema);
  describe(schema.getQueryType(), queryDescription);
  describe(schema.getSubscriptionType(), subscriptionDescription);
  return schema;
}

/** type-graphql has no place for the descriptions of these two. */
function describe(type: GraphQLObjectType | null | undefined, description: string): void {
  if (type) type.description = description;
}

const queryDescription =
  "Everything that can be read. Callers see the data of their own organization only, unless their key " +
  "is for all. A field that fails is null; the others are answered.";
const subscriptionDescription =
  "Events in the order of the feed, over WebSocket (graphql-transport-ws) or server-sent events. " +
  "Keep the last cursor, and pass it as `after` to continue from there.";

/** type-graphql demands one; our subscriptions bring their own streams, read from the database. */
const unusedPubSub = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error("Subscriptions read the feed; nothing is published.");
  },
};
