import {
  type DateTime,
  type PageInfo,
  type SessionFilter,
  type SessionStatus,
  typed,
} from "conversation-agent-client";

/** Who reads. */
export interface Viewer {
  readonly id: string;
  readonly name: string | null;
  readonly role: "READER" | "MASKED_READER" | "OPERATOR";
  readonly masked: boolean;
  readonly organizationId: string | null;
}

export const viewerQuery = typed<{ readonly viewer: Viewer | null }>(
  "query BoardViewer { viewer { id name role masked organizationId } }",
);

/** Something that should have come and has not. */
export interface Overdue {
  readonly id: string;
  readonly kind: "ANALYSIS" | "END" | "DELIVERY" | "ANSWER";
  readonly since: DateTime;
  readonly question: string | null;
  readonly session: {
    readonly id: string;
    readonly agent: { readonly name: string | null } | null;
  } | null;
}

/** Of sessions that wait for their analysis at most so many are counted. */
const mostWaiting = 100;

/** What still waits for its analysis, what is overdue, and when something last changed. */
export const nowQuery = typed<{
  readonly waiting: {
    readonly pageInfo: { readonly hasNextPage: boolean };
    readonly nodes: readonly {
      readonly id: string;
      readonly endedAt: DateTime | null;
      readonly agent: { readonly name: string | null } | null;
    }[];
  } | null;
  readonly overdue: { readonly totalCount: number | null; readonly nodes: readonly Overdue[] } | null;
  readonly newest: { readonly nodes: readonly { readonly changedAt: DateTime }[] } | null;
}>(`query BoardNow {
  waiting: sessions(first: ${mostWaiting}, filter: { status: { eq: ENDED } }) {
    pageInfo { hasNextPage } nodes { id endedAt agent { name } }
  }
  overdue: expectations(first: 20, filter: { closedAt: { null: true } }) {
    totalCount nodes { id kind since question session { id agent { name } } }
  }
  newest: sessions(first: 1) { nodes { changedAt } }
}`);

export const deadLettersQuery = typed<{
  readonly webhookEvents: {
    readonly nodes: readonly {
      readonly id: string;
      readonly receivedAt: DateTime;
      readonly eventType: string;
      readonly error: string | null;
    }[];
  } | null;
}>(`query BoardDeadLetters {
  webhookEvents(first: 5, filter: { status: { eq: DEAD } }) { nodes { id receivedAt eventType error } }
}`);

export const agentNamesQuery = typed<{
  readonly agents: {
    readonly nodes: readonly { readonly id: string; readonly name: string | null }[];
  } | null;
}>("query BoardAgentNames { agents(first: 200, orderBy: [{ field: NAME }]) { nodes { id name } } }");

/** A message of the chat. */
export interface Message {
  readonly id: string;
  readonly createdAt: DateTime | null;
  readonly direction: string | null;
  readonly mode: string | null;
  readonly type: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly body: string | null;
  readonly deliveryStatus: string | null;
  readonly translatedBody: string | null;
  readonly translationLanguage: string | null;
}

/** A question beside its answer. */
export interface Answer {
  readonly name: string;
  readonly type: string | null;
  readonly description: string | null;
  readonly defined: boolean;
  readonly answered: boolean;
  readonly conforms: boolean | null;
  readonly value: unknown;
}

/** One analysis of a session. */
export interface Analysis {
  readonly id: string;
  readonly receivedAt: DateTime;
  readonly userSentiment: string | null;
  readonly chatCompletionRating: string | null;
  readonly chatSummary: string | null;
}

/** A session with all that its page shows. */
export interface SessionDetail {
  readonly id: string;
  readonly status: SessionStatus;
  readonly startedAt: DateTime | null;
  readonly endedAt: DateTime | null;
  readonly endedReason: string | null;
  readonly language: string | null;
  readonly agentVersionRevision: {
    readonly name: string | null;
    readonly questions: readonly { readonly name: string; readonly type: string | null }[];
  };
  readonly agent: { readonly id: string; readonly name: string | null } | null;
  readonly analysis: (Analysis & { readonly answers: readonly Answer[] }) | null;
  readonly analysisHistory: readonly Analysis[];
  readonly messages: {
    readonly nodes: readonly Message[];
    readonly pageInfo: PageInfo;
  } | null;
}

const analysis = "id receivedAt userSentiment chatCompletionRating chatSummary";

export const sessionQuery = typed<
  { readonly session: SessionDetail | null },
  { readonly id: string; readonly after?: string | null }
>(`query BoardSession($id: ID!, $after: String) {
  session(id: $id) {
    id status startedAt endedAt endedReason language
    agent { id name }
    agentVersionRevision { name questions { name type } }
    analysis { ${analysis} answers { name type description defined answered conforms value } }
    analysisHistory { ${analysis} }
    messages(first: 200, after: $after) {
      nodes {
        id createdAt direction mode type from to body deliveryStatus translatedBody translationLanguage
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}`);

export const rawEventsQuery = typed<
  {
    readonly webhookEvents: {
      readonly nodes: readonly {
        readonly id: string;
        readonly receivedAt: DateTime;
        readonly eventType: string;
        readonly status: string;
        readonly sizeBytes: number;
        readonly body: unknown;
      }[];
    } | null;
  },
  { readonly id: string }
>(`query BoardRawEvents($id: ID!) {
  webhookEvents(first: 20, filter: { sessionId: { eq: $id } }) {
    nodes { id receivedAt eventType status sizeBytes body }
  }
}`);

/** Numbers of one agent's sessions, of a day or of a whole period. */
export interface AgentStats {
  readonly from: DateTime | null;
  readonly count: number;
  readonly failedMessageCount: number;
  readonly manualCount: number;
  readonly completionRatings: readonly Share[];
  readonly sentiments: readonly Share[];
  readonly groups: readonly {
    readonly value: unknown;
    readonly agentVersion: { readonly name: string | null } | null;
  }[];
}

/** How many of the sessions have a value. */
export interface Share {
  readonly value: string | null;
  readonly count: number;
  readonly share: number;
}

export const agentStatsQuery = typed<
  Readonly<Record<"whole" | "before" | "days", readonly AgentStats[] | null>>,
  { readonly filter: SessionFilter; readonly before: SessionFilter; readonly timeZone: string }
>(`query BoardAgents($filter: SessionFilter, $before: SessionFilter, $timeZone: String) {
  whole: sessionStats(filter: $filter, groupBy: [{ field: AGENT }]) { ...Numbers }
  before: sessionStats(filter: $before, groupBy: [{ field: AGENT }]) { ...Numbers }
  days: sessionStats(filter: $filter, groupBy: [{ field: AGENT }], interval: DAY, timeZone: $timeZone) {
    from ...Numbers
  }
}
fragment Numbers on SessionStats {
  count failedMessageCount manualCount
  completionRatings { value count share }
  sentiments { value count share }
  groups { value agentVersion { name } }
}`);

export const newestStartQuery = typed<{
  readonly sessions: { readonly nodes: readonly { readonly startedAt: DateTime | null }[] } | null;
}>("query BoardNewestStart { sessions(first: 1) { nodes { startedAt } } }");
