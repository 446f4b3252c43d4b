import { typed } from "./document.js";

/** An instant in UTC, ISO 8601 with up to six decimals. */
export type DateTime = string;

/** How far a session has come. */
export type SessionStatus = "STARTED" | "ENDED" | "ANALYZED";

/** What the feed tells of a session: how far it has come, or that something of it is overdue. */
export type SessionEventType = SessionStatus | "OVERDUE";

/** What lists of sessions show of each. */
export interface SessionSummary {
  readonly id: string;
  readonly status: SessionStatus;
  readonly startedAt: DateTime | null;
  readonly endedAt: DateTime | null;
  readonly changedAt: DateTime;
  readonly userSentiment: string | null;
  readonly chatCompletionRating: string | null;
  readonly chatSummary: string | null;
  readonly messageCount: number;
  readonly failedMessageCount: number;
  readonly manualMessageCount: number;
  readonly agent: { readonly id: string; readonly name: string | null } | null;
}

/** Where a page lies in its list. */
export interface PageInfo {
  readonly endCursor: string | null;
  readonly hasNextPage: boolean;
}

/** Which sessions: a `SessionFilter` of the schema. */
export type SessionFilter = Readonly<Record<string, unknown>>;

/** A page of sessions, and the place in the feed before it was read. */
export interface SessionsPage {
  readonly sessions: {
    readonly nodes: readonly SessionSummary[];
    readonly pageInfo: PageInfo;
    readonly eventCursor: string;
  } | null;
}

/** One event of {@link sessionEventsSubscription}. */
export interface SessionEventData {
  readonly sessionEvents: {
    readonly cursor: string;
    readonly type: SessionEventType;
    readonly receivedAt: DateTime;
    readonly session: SessionSummary;
  };
}

/** One event of {@link sessionAnalyzedSubscription}. */
export interface SessionAnalyzedData {
  readonly sessionAnalyzed: { readonly cursor: string; readonly session: SessionSummary };
}

const summary = `
fragment SessionSummary on Session {
  id status startedAt endedAt changedAt userSentiment chatCompletionRating chatSummary
  messageCount failedMessageCount manualMessageCount agent { id name }
}`;

/** A page of sessions, the newest start first. */
export const sessionsQuery = typed<
  SessionsPage,
  { readonly first?: number; readonly after?: string | null; readonly filter?: SessionFilter }
>(`query Sessions($first: Int, $after: String, $filter: SessionFilter) {
  sessions(first: $first, after: $after, filter: $filter) {
    nodes { ...SessionSummary } pageInfo { endCursor hasNextPage } eventCursor
  }
}${summary}`);

/** Each session as it starts, ends, is analyzed, and where something of it is overdue. */
export const sessionEventsSubscription = typed<
  SessionEventData,
  { readonly types?: readonly SessionEventType[]; readonly filter?: SessionFilter }
>(`subscription SessionEvents($after: Cursor, $types: [SessionEventType!], $filter: SessionFilter) {
  sessionEvents(after: $after, types: $types, filter: $filter) { cursor type receivedAt session { ...SessionSummary } }
}${summary}`);

/** Each session as its analysis arrives. */
export const sessionAnalyzedSubscription = typed<
  SessionAnalyzedData,
  { readonly filter?: SessionFilter }
>(`subscription SessionAnalyzed($after: Cursor, $filter: SessionFilter) {
  sessionAnalyzed(after: $after, filter: $filter) { cursor session { ...SessionSummary } }
}${summary}`);

/** The end of the feed. `live` asks for it where it is not told where to begin. */
export const feedEndQuery = typed<{ readonly sessions: { readonly eventCursor: string } | null }>(
  "query FeedEnd { sessions(first: 1) { eventCursor } }",
);
