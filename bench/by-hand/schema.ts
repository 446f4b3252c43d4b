import type { MercuriusLoaders } from "mercurius";
import type { Pool } from "mysql2/promise";
import {
  cursorOf,
  type MessageRow,
  type PageOrder,
  readMessages,
  readPage,
  readSession,
  readVersions,
  type SessionRow,
} from "./read-sessions.js";

/** Names and shapes as the service has them, so that both are asked the same. */
export const schema = `
  scalar JSON

  type Query {
    sessions(first: Int! = 50, after: String, agentId: ID, sentiment: String): SessionConnection!
    session(id: ID!): Session
  }

  type SessionConnection {
    nodes: [Session!]!
    pageInfo: PageInfo!
  }

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }

  type Session {
    id: ID!
    conversationId: ID!
    organizationId: ID!
    status: String!
    startedAt: String!
    endedAt: String
    analyzedAt: String
    endedReason: String
    chatCompletionRating: String
    chatSummary: String
    userSentiment: String
    language: String
    customAnalysisData: JSON
    messageCount: Int!
    receivedAt: String!
    changedAt: String!
    agentVersion: AgentVersion!
    messages: MessageConnection!
  }

  type AgentVersion {
    id: ID!
    agentId: ID!
    organizationId: ID!
    name: String
    description: String
    llmId: ID
    createdById: ID
    language: String
  }

  type MessageConnection {
    nodes: [Message!]!
  }

  type Message {
    id: ID!
    body: String
    direction: String
    type: String
    mode: String
    deliveryStatus: String
    from: String
    to: String
    createdAt: String!
    updatedAt: String!
  }
`;

const statuses = ["STARTED", "ENDED", "ANALYZED"];

export function resolversOf(pool: Pool) {
  return {
    Query: {
      sessions: async (_root: unknown, order: PageOrder) => {
        const rows = await readPage(pool, order);
        const nodes = rows.slice(0, order.first);
        const last = nodes.at(-1);
        const hasNextPage = rows.length > order.first;
        return { nodes, pageInfo: { hasNextPage, endCursor: last === undefined ? null : cursorOf(last) } };
      },
      session: (_root: unknown, { id }: { readonly id: string }) => readSession(pool, id),
    },
    Session: {
      status: ({ phase }: SessionRow) => statuses[phase - 1],
      startedAt: ({ startedAt }: SessionRow) => instant(startedAt),
      endedAt: ({ endedAt }: SessionRow) => instant(endedAt),
      analyzedAt: ({ analyzedAt }: SessionRow) => instant(analyzedAt),
      receivedAt: ({ receivedAt }: SessionRow) => instant(receivedAt),
      changedAt: ({ changedAt }: SessionRow) => instant(changedAt),
      customAnalysisData: ({ customAnalysisData }: SessionRow) =>
        customAnalysisData === null ? null : (JSON.parse(customAnalysisData) as object),
    },
    Message: {
      createdAt: ({ createdAt }: MessageRow) => instant(createdAt),
      updatedAt: ({ updatedAt }: MessageRow) => instant(updatedAt),
    },
  };
}

type Queries = readonly { readonly obj: SessionRow }[];

/** What all sessions of an answer need is read in one statement. */
export function loadersOf(pool: Pool): MercuriusLoaders {
  return {
    Session: {
      agentVersion: {
        opts: { cache: false },
        loader: async (queries: Queries) => {
          const ids = new Set(queries.map(({ obj }) => obj.agentVersionId));
          const versions = new Map((await readVersions(pool, [...ids])).map((row) => [row.id, row]));
          return queries.map(({ obj }) => versions.get(obj.agentVersionId));
        },
      },
      messages: {
        opts: { cache: false },
        loader: async (queries: Queries) => {
          const nodes = new Map<string, MessageRow[]>(queries.map(({ obj }) => [obj.id, []]));
          for (const row of await readMessages(pool, [...nodes.keys()])) nodes.get(row.sessionId)?.push(row);
          return queries.map(({ obj }) => ({ nodes: nodes.get(obj.id) }));
        },
      },
    },
  };
}

function instant(datetime: string | null): string | null {
  return datetime === null ? null : `${datetime.slice(0, 10)}T${datetime.slice(11)}Z`;
}
