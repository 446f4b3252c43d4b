import { randomUUID } from "node:crypto";
import fc from "fast-check";

/** An event of the model: what is sent, and where it stands in the order that decides. */
export interface ModelEvent {
  readonly sessionId: string;
  readonly rank: 1 | 2 | 3;
  /** The envelope's created_at in microseconds of its own scale; undefined where the envelope has none. */
  readonly at: number | undefined;
  readonly data: Record<string, unknown> & { readonly messages?: readonly Record<string, unknown>[] | null };
  readonly body: string;
}

const names = { 1: "started", 2: "ended", 3: "analyzed" } as const;

/**
 * Values that break a rule of every field below that draws them: the event is kept, and says nothing of the
 * field.
 */
const oddValues: readonly unknown[] = ["soon", 7, ["x"], "\ud83d"];

/** What an event says of a field. */
function said(value: unknown): unknown {
  return oddValues.some((odd) => JSON.stringify(odd) === JSON.stringify(value)) ? null : (value ?? null);
}

/** What one event says: null, absent and odd values are drawn too, for all of these say nothing. */
const facts = fc.record(
  {
    ended_at: fc.constantFrom<unknown>(null, "soon", 7, "2025-08-22T08:00:00Z", "2025-08-22T08:00:00.500Z"),
    started_at: fc.constantFrom(null, "2025-08-19T06:40:57Z"),
    ended_reason: fc.constantFrom(null, "user_ended", ""),
    chat_summary: fc.constantFrom(null, "a", "b", "", "ü😀"),
    user_sentiment: fc.constantFrom<unknown>(null, 7, "neutral", "negative"),
    chat_transcript: fc.constantFrom(null, "x", "y"),
    custom_analysis_data: fc.constantFrom<unknown>(
      null,
      "\ud83d",
      {},
      { Works: false },
      { Works: true, Count: 0 },
      { Count: 0, Works: true },
      { Free_text: "", List: [1, null] },
    ),
  },
  { requiredKeys: [] },
);

const messageContent = fc.record(
  {
    body: fc.constantFrom(null, "hi", "", "later"),
    delivery_status: fc.constantFrom<unknown>(null, ["x"], "pending", "sent", "failed"),
    metadata: fc.constantFrom(null, {}, { k: 1 }),
    updated_at: fc.constantFrom<unknown>(
      null,
      "soon",
      7,
      "2025-08-26T11:03:29.168397Z",
      "2025-08-26T11:03:29.168398Z",
      "2025-08-26T11:03:29Z",
    ),
    created_at: fc.constantFrom(null, "2025-08-26T11:03:28.000001Z"),
  },
  { requiredKeys: [] },
);

const snapshot = fc.record({
  rank: fc.constantFrom<1 | 2 | 3>(1, 2, 3, 3),
  facts,
  /** Of the pool's messages, which are listed, in which order. */
  listed: fc.uniqueArray(fc.nat(4), { maxLength: 4 }),
  contents: fc.array(messageContent, { minLength: 5, maxLength: 5 }),
  withoutMessages: fc.constantFrom("listed", "listed", "null", "absent"),
  revision: fc.nat(2),
  isUndated: fc.boolean(),
});

const sessionsOfOneConversation = fc.array(fc.array(snapshot, { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 3,
});

/** Sessions that share a conversation, its messages and an agent version; ids are new at every draw. */
export const conversations = fc
  .array(sessionsOfOneConversation, { minLength: 1, maxLength: 2 })
  .map((drawn) => {
    const agent = { id: randomUUID(), agent_id: randomUUID(), organization_id: randomUUID() };
    return drawn.flatMap((sessions) => eventsOf(sessions, agent));
  });

type Snapshot = typeof snapshot extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Events of different ranks of a session share their created_at, as Whippy's do; of one rank no two do, for
 * there the order of receipt decides. At most one event of a conversation and rank has none, for the same
 * reason.
 */
function eventsOf(sessions: readonly (readonly Snapshot[])[], agent: Record<string, string>): ModelEvent[] {
  const conversationId = randomUUID();
  const pool = Array.from({ length: 5 }, () => randomUUID());
  const undated = new Set<number>();
  return sessions.flatMap((snapshots, sessionIndex) => {
    const sessionId = randomUUID();
    const seen = { 1: 0, 2: 0, 3: 0 };
    return snapshots.map((drawn): ModelEvent => {
      const isUndated = drawn.isUndated && !undated.has(drawn.rank);
      if (isUndated) undated.add(drawn.rank);
      seen[drawn.rank] += 1;
      const at = isUndated ? undefined : sessionIndex * 1_000 + seen[drawn.rank];
      const data = {
        ...drawn.facts,
        id: sessionId,
        conversation_id: conversationId,
        agent_version: { ...agent, ...revisions[drawn.revision] },
        ...messagesOf(drawn, pool),
      };
      return { sessionId, rank: drawn.rank, at, data, body: bodyOf(drawn.rank, at, data) };
    });
  });
}

function messagesOf({ withoutMessages, listed, contents }: Snapshot, pool: readonly string[]) {
  if (withoutMessages === "absent") return {};
  if (withoutMessages === "null") return { messages: null };
  return { messages: listed.map((index) => ({ ...contents[index], id: pool[index] })) };
}

/** The second one is the first with its keys in another order. */
const revisions = [
  { name: "One", provider_settings: { language: "multi", voice_id: null } },
  { provider_settings: { voice_id: null, language: "multi" }, name: "One" },
  { name: "Two", provider_settings: { post_call_analysis_data: [{ name: "Works", type: "boolean" }] } },
];

function bodyOf(rank: 1 | 2 | 3, at: number | undefined, data: object): string {
  const createdAt =
    at === undefined ? {} : { created_at: `2025-08-19T06:40:57.${String(at).padStart(6, "0")}Z` };
  const event = `conversation_agent_session.${names[rank]}`;
  return JSON.stringify({ event, request_id: randomUUID(), ...createdAt, data });
}

/** The same content under another request_id: recorded, projected to no change. */
export function redelivered(event: ModelEvent): ModelEvent {
  return { ...event, body: bodyOf(event.rank, event.at, event.data) };
}

/**
 * The value of a session's field by the rules of DESIGN: the greatest (rank, created_at, absent last) that is
 * not null.
 */
export function expectedField(events: readonly ModelEvent[], sessionId: string, field: string): unknown {
  const own = events.filter((event) => event.sessionId === sessionId);
  own.sort((a, b) => a.rank - b.rank || (a.at ?? Infinity) - (b.at ?? Infinity));
  return own.map(({ data }) => said(data[field])).reduce((stands, value) => value ?? stands, null);
}

/** The value of a message's field: the greatest updated_at (absent first), then as in a session. */
export function expectedMessageField(
  events: readonly ModelEvent[],
  messageId: string,
  field: string,
): unknown {
  const versions = events.flatMap(({ rank, at, data }) =>
    (data.messages ?? [])
      .filter(({ id }) => id === messageId)
      .map((message) => ({ message, key: [sortable(message.updated_at), rank, at ?? Infinity] as const })),
  );
  versions.sort(({ key: [a, b, c] }, { key: [x, y, z] }) => (a < x ? -1 : a > x ? 1 : b - y || c - z));
  return versions.map(({ message }) => said(message[field])).reduce((stands, value) => value ?? stands, null);
}

function sortable(instant: unknown): string {
  if (typeof instant !== "string" || said(instant) === null) return "";
  return instant.slice(0, -1).padEnd("2025-08-26T11:03:29.".length, ".").padEnd(26, "0");
}
