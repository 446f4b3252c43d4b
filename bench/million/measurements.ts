import type { SqlReader } from "../../src/store/sql/transaction.js";
import { MessageReader } from "../../src/store/readers/message.reader.js";
import { listedMessages } from "../../src/store/sql/listing.js";
import { everything } from "../../src/store/readers/scope.js";

import { sessionOrder } from "../../src/store/readers/session-order.js";
import { SessionReader } from "../../src/store/readers/session.reader.js";
import { StatsReader } from "../../src/store/readers/stats.reader.js";
import type { Samples } from "./samples.js";

/**
 * One question, asked in three ways: of the service, by hand, and of the readers that the service asks it
 * with.
 */
export interface Measurement {
  readonly title: string;
  /** GraphQL. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /**
   * As somebody would write it who needs just this; the last statement's rows are what the answer must hold.
   */
  readonly byHand: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[];
  /** How many rows the service's answer holds. */
  readonly rowsOf: (data: Answer) => number;
  /** Asks the readers as the resolvers do. */
  readonly read: (database: SqlReader) => Promise<unknown>;
  /**
   * `walk`: an index gives the rows in order, as many as wanted. `index`: no stored table is read from end to
   * end.
   */
  readonly demands: "walk" | "index";
}

/** What the queries below answer with. */
export interface Answer {
  readonly sessions?: {
    readonly nodes: readonly unknown[];
    readonly pageInfo: { readonly endCursor: string };
  };
  readonly session?: { readonly messages: { readonly nodes: readonly unknown[] } };
  readonly sessionStats?: readonly unknown[];
}

export const pageSize = 50;

export const pageQuery = `query Page($filter: SessionFilter, $after: String) {
  sessions(first: ${pageSize}, filter: $filter, after: $after) {
    nodes { id organizationId status startedAt endedAt endedReason chatCompletionRating userSentiment chatSummary messageCount }
    pageInfo { hasNextPage endCursor }
  }
}`;

const pageFields: string[] = [
  "id",
  "organizationId",
  "status",
  "startedAt",
  "endedAt",
  "endedReason",
  "chatCompletionRating",
  "userSentiment",
  "chatSummary",
  "messageCount",
];

const pageColumns = `s.id, s.organization_id, s.lifecycle, s.started_at, s.started_at_decimals, s.ended_at, s.ended_at_decimals,
  s.ended_reason, s.chat_completion_rating, s.user_sentiment, s.chat_summary, s.message_count`;
const newestFirst = `ORDER BY s.started_at DESC, s.id DESC LIMIT ${pageSize}`;

/** A place in the list of the newest sessions: the cursor, and what it stands for. */
export interface Place {
  readonly cursor: string;
  readonly startedAt: string;
  readonly id: string;
}

interface PageParts {
  readonly filter?: object;
  readonly place?: Place;
  /** SQL between `FROM sessions s` and the order. */
  readonly byHand: string;
  readonly parameters?: readonly unknown[];
  readonly demands?: Measurement["demands"];
}

function page(
  title: string,
  { filter = {}, place, byHand, parameters = [], demands }: PageParts,
): Measurement {
  return {
    title,
    query: pageQuery,
    variables: { filter, after: place?.cursor },
    byHand: [{ sql: `SELECT ${pageColumns} FROM sessions s ${byHand} ${newestFirst}`, parameters }],
    rowsOf: ({ sessions }) => sessions?.nodes.length ?? 0,
    read: (database) =>
      new SessionReader(database).page(
        everything,
        {
          filter,
          order: sessionOrder([]),
          window: {
            limit: pageSize,
            fromEnd: false,
            after: place && [place.startedAt, place.id],
            before: undefined,
          },
        },
        pageFields,
      ),
    demands: demands ?? "walk",
  };
}

/** A later page of the newest sessions. */
export function laterPage(title: string, place: Place): Measurement {
  return page(title, {
    place,
    byHand: "WHERE s.started_at <= ? AND (s.started_at < ? OR s.id < ?)",
    parameters: [place.startedAt, place.startedAt, place.id],
  });
}

/** All but the later page. The first one is the list's first page. */
export function measurements(samples: Samples): Measurement[] {
  const { organizationId, agentId, answer, phone, word, commonWord } = samples;
  return [
    page("newest sessions, page 1", { byHand: "" }),
    page("newest sessions of one organization", {
      filter: { organizationId: { eq: organizationId } },
      byHand: "WHERE s.organization_id = ?",
      parameters: [organizationId],
    }),
    page("one agent's sessions with negative sentiment", {
      filter: { userSentiment: { eq: "negative" }, agentVersion: { agentId: { eq: agentId } } },
      byHand: "WHERE s.agent_id = ? AND s.user_sentiment = 'negative'",
      parameters: [agentId],
    }),
    page("sessions with one answer of the analysis", {
      filter: { answers: [{ name: answer.name, string: { eq: answer.value } }] },
      byHand: `WHERE EXISTS (SELECT 1 FROM analysis_answers a
        WHERE a.session_id = s.id AND a.name = ? AND a.string_prefix = ? AND a.string_value = ?)`,
      parameters: [answer.name, answer.value.slice(0, 191), answer.value],
      demands: "index",
    }),
    page("sessions that any analysis of their history found negative", {
      filter: { analysisHistory: { some: { userSentiment: { eq: "negative" } } } },
      byHand: `WHERE EXISTS (SELECT 1 FROM analyses a WHERE a.session_id = s.id AND a.user_sentiment = 'negative')`,
      demands: "index",
    }),
    page("a person's sessions, by phone number", {
      filter: { messages: { some: { or: [{ from: { eq: phone } }, { to: { eq: phone } }] } } },
      byHand: "WHERE s.id IN (SELECT p.session_id FROM session_parties p WHERE p.party = ?)",
      parameters: [phone],
      demands: "index",
    }),
    search("a word that one session in two hundred holds", word),
    search("a word that half of the sessions hold", commonWord),
    oneSession(samples),
    monthByDay,
    allByAgent,
  ];
}

function search(title: string, word: string): Measurement {
  return page(`search for ${title}`, {
    filter: { search: word },
    byHand: "JOIN session_terms q ON q.session_id = s.id WHERE MATCH(q.terms) AGAINST (? IN BOOLEAN MODE)",
    parameters: [`+xx${word}*`],
    demands: "index",
  });
}

const messageFields = [
  "id",
  "body",
  "direction",
  "type",
  "mode",
  "deliveryStatus",
  "from",
  "to",
  "createdAt",
] as const;

function oneSession({ sessionId }: Samples): Measurement {
  return {
    title: "one session with 40 messages",
    query: `query One($id: ID!) {
      session(id: $id) {
        id status startedAt userSentiment chatSummary chatTranscript messageCount
        messages(first: ${pageSize}) { nodes { ${messageFields.join(" ")} } }
      }
    }`,
    variables: { id: sessionId },
    byHand: [
      {
        sql: `SELECT id, lifecycle, started_at, started_at_decimals, user_sentiment, chat_summary,
                CAST(UNCOMPRESS(chat_transcript) AS CHAR CHARACTER SET utf8mb4) AS chat_transcript, message_count
          FROM sessions WHERE id = ?`,
        parameters: [sessionId],
      },
      {
        sql: `SELECT m.id, m.body, m.direction, m.type, m.mode, m.delivery_status, m.from_address, m.to_address, m.created_at,
            m.created_at_decimals
          FROM ${listedMessages} WHERE s.id = ? ORDER BY m.created_at, m.id`,
        parameters: [sessionId],
      },
    ],
    rowsOf: ({ session }) => session?.messages.nodes.length ?? 0,
    read: async (database) => {
      const fields: string[] = ["id", "status", "startedAt", "userSentiment", "chatSummary"];
      const found = await new SessionReader(database).byIds(
        everything,
        [sessionId],
        [...fields, "chatTranscript", "messageCount"],
      );
      const window = { limit: pageSize, fromEnd: false, after: undefined, before: undefined };
      await new MessageReader(database).ofSessions(everything, found, { filter: {}, window }, messageFields);
    },
    demands: "index",
  };
}

const sentimentCounts = `SUM(user_sentiment = 'positive') AS positive, SUM(user_sentiment = 'negative') AS negative,
  SUM(user_sentiment = 'neutral') AS neutral, SUM(user_sentiment = 'mixed') AS mixed,
  SUM(user_sentiment = 'unknown') AS unclear, SUM(user_sentiment IS NULL) AS none`;

const month = { gte: "2025-06-01T00:00:00Z", lt: "2025-07-01T00:00:00Z" };

const monthByDay: Measurement = {
  title: "a month's statistics by day",
  query: `query Days($filter: SessionFilter) {
    sessionStats(filter: $filter, interval: DAY, timeZone: "UTC") {
      from count averageDurationSeconds averageMessageCount sentiments { value count }
    }
  }`,
  variables: { filter: { startedAt: month } },
  byHand: [
    {
      sql: `SELECT DATE(started_at) AS day, COUNT(*) AS count, AVG(TIMESTAMPDIFF(MICROSECOND, started_at, ended_at)) / 1000000 AS seconds,
          AVG(message_count) AS messages, ${sentimentCounts}
        FROM sessions WHERE started_at >= ? AND started_at < ? GROUP BY DATE(started_at)`,
      parameters: ["2025-06-01 00:00:00", "2025-07-01 00:00:00"],
    },
  ],
  rowsOf: ({ sessionStats }) => sessionStats?.length ?? 0,
  read: (database) =>
    new StatsReader(database).read(
      everything,
      { filter: { startedAt: month }, groupBy: [], interval: "day", timeZone: "UTC" },
      ["sentiment"],
    ),
  demands: "index",
};

const allByAgent: Measurement = {
  title: "statistics of all sessions by agent",
  query: `query Agents {
    sessionStats(groupBy: [{ field: AGENT }]) {
      groups { value } count averageDurationSeconds averageMessageCount sentiments { value count }
    }
  }`,
  variables: {},
  byHand: [
    {
      sql: `SELECT agent_id, COUNT(*) AS count, AVG(TIMESTAMPDIFF(MICROSECOND, started_at, ended_at)) / 1000000 AS seconds,
          AVG(message_count) AS messages, ${sentimentCounts}
        FROM sessions GROUP BY agent_id`,
      parameters: [],
    },
  ],
  rowsOf: ({ sessionStats }) => sessionStats?.length ?? 0,
  read: (database) =>
    new StatsReader(database).read(everything, { filter: {}, groupBy: [{ field: "AGENT" }] }, ["sentiment"]),
  demands: "index",
};
