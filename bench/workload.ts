import { generateSessions, type SimulatedSession } from "../tools/simulate/generate.js";

/** What signs the deliveries: the service verifies each of them; the others believe everybody. */
export const webhookSecret = "benchmark-secret";

/** Sessions per page and messages per session of the list. */
export const listed = { sessions: 50, messages: 8 };

/** Every scalar that a dashboard's list shows, but no transcripts. */
export const listQuery = `query Sessions($first: Int) {
  sessions(first: $first) {
    nodes {
      id conversationId organizationId status startedAt endedAt analyzedAt endedReason chatCompletionRating chatSummary
      userSentiment language customAnalysisData messageCount receivedAt changedAt
      agentVersion { id agentId organizationId name description llmId createdById language }
      messages {
        nodes { id body direction type mode deliveryStatus from to createdAt updatedAt }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The deliveries of each session, serialised, in the order in which Whippy sends them. */
export function ingestDeliveries(sessions: number, round: number): Buffer[][] {
  return Array.from(generateSessions({ sessions, seed: 1, sessionSeed: 1_000 + round }), ({ envelopes }) =>
    envelopes.map((envelope) => Buffer.from(JSON.stringify(envelope))),
  );
}

/** How many messages the longest session has. */
export const mostMessages = 40;

/**
 * One delivery each of sessions that are analyzed and have exactly as many messages as the list shows; and
 * before them, the oldest of all, one with 40 messages.
 */
export function* seedDeliveries(sessions: number): Generator<Buffer[], void, undefined> {
  const long = {
    sessions: 1,
    messages: mostMessages,
    sessionSeed: 9,
    baseTime: new Date("2024-08-19T06:40:45Z"),
  };
  yield* analyzedDeliveries(long);
  yield* analyzedDeliveries({ sessions: sessions - 1, messages: listed.messages, sessionSeed: 7 });
}

interface Wanted {
  readonly sessions: number;
  /** In each session. */
  readonly messages: number;
  readonly sessionSeed: number;
  readonly baseTime?: Date;
}

function* analyzedDeliveries({ sessions, messages, ...seeds }: Wanted): Generator<Buffer[], void, undefined> {
  let found = 0;
  for (const session of generateSessions({ sessions: Infinity, seed: 1, ...seeds })) {
    const body = analyzedDelivery(session, messages);
    if (body === undefined) continue;
    yield [body];
    found += 1;
    if (found === sessions) return;
  }
}

function analyzedDelivery({ envelopes }: SimulatedSession, count: number): Buffer | undefined {
  const envelope = envelopes.at(-1);
  if (!envelope?.event.endsWith("analyzed") || envelope.data.messages.length < count) return undefined;
  const messages = envelope.data.messages.slice(0, count);
  return Buffer.from(JSON.stringify({ ...envelope, data: { ...envelope.data, messages } }));
}
