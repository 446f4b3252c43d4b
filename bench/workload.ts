import { generateSessions, type SimulatedSession } from "../tools/simulate/generate.js";

/** What signs the deliveries: the service verifies each of them; the bare server believes everybody. */
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

/** One delivery each of sessions that are analyzed and have exactly as many messages as the list shows. */
export function* listDeliveries(sessions: number): Generator<Buffer[], void, undefined> {
  let found = 0;
  for (const session of generateSessions({ sessions: Infinity, seed: 1, sessionSeed: 7 })) {
    const body = listDelivery(session);
    if (body === undefined) continue;
    yield [body];
    found += 1;
    if (found === sessions) return;
  }
}

function listDelivery({ envelopes }: SimulatedSession): Buffer | undefined {
  const envelope = envelopes.at(-1);
  if (!envelope?.event.endsWith("analyzed") || envelope.data.messages.length < listed.messages)
    return undefined;
  const messages = envelope.data.messages.slice(0, listed.messages);
  return Buffer.from(JSON.stringify({ ...envelope, data: { ...envelope.data, messages } }));
}
