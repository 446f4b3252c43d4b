import { composeMessage, type Turn } from "./compose-message.js";
import type { Conversation } from "./conversation.js";
import { DAY, formatMicroseconds, HOUR, MINUTE, SECOND, type Microseconds } from "./instant.js";
import type { SimulatedMessage } from "./payload.js";
import type { SeededRandom } from "./random.js";
import { OPENINGS, OUTREACH, TOPICS } from "./vocabulary.js";

/** A message with its history: what the first events show of it, and what the later ones do. */
export interface MessageDraft {
  first: SimulatedMessage;
  settled: SimulatedMessage;
  /** The rank of the event (0 started, 1 ended, 2 analyzed) from which on it is shown as settled. */
  settledFrom: number;
  transcript: string;
  translated: string;
}

export interface ConversationPart {
  drafts: MessageDraft[];
  lastAt: Microseconds;
}

const FEWEST_MESSAGES = 2;
export const MOST_MESSAGES = 40;

/** Writes the messages of one session, from `startedAt` on; most sessions are short, a few are long. */
export function writeMessages(
  random: SeededRandom,
  conversation: Conversation,
  startedAt: Microseconds,
): ConversationPart {
  const count = countMessages(random);
  const outreach = outreachIds(random, conversation);
  const pace = paceOf(random, conversation);
  const drafts: MessageDraft[] = [];
  let at = startedAt - random.int(0, 5 * SECOND);
  for (const turn of turnsOf(random, outreach !== undefined, count)) {
    const ids = drafts.length === 0 ? outreach : undefined;
    drafts.push(draftMessage(random, conversation, turn, { at, ...ids }));
    at += random.int(...pace);
  }
  return { drafts, lastAt: at };
}

/** Eight on average. Products, for `**` need not give the same last bit on every machine. */
function countMessages(random: SeededRandom): number {
  const draw = random.float();
  return (
    FEWEST_MESSAGES + Math.floor(draw * draw * draw * draw * draw * (MOST_MESSAGES - FEWEST_MESSAGES + 1))
  );
}

/** Whose turn it is, and what is said: an opening, then questions and answers. */
function turnsOf(random: SeededRandom, agencyOpens: boolean, count: number): Turn[] {
  const turns: Turn[] = agencyOpens
    ? [{ line: random.pick(OUTREACH), inbound: false }]
    : [{ line: random.pick(OPENINGS), inbound: true }];
  if (agencyOpens) turns.push({ line: random.pick(OPENINGS), inbound: true });
  for (let topic = random.int(0, TOPICS.length - 1); turns.length < count; topic += 1) {
    const { ask, replies } = TOPICS[topic % TOPICS.length] ?? random.pick(TOPICS);
    turns.push({ line: ask, inbound: false }, { line: random.pick(replies), inbound: true });
  }
  return turns.slice(0, count);
}

/** A third of the conversations on channels that campaigns use are opened by one. */
function outreachIds(random: SeededRandom, { channel }: Conversation): Partial<SimulatedMessage> | undefined {
  if (channel === "call" || !random.chance(0.33)) return undefined;
  return random.chance(0.5)
    ? { campaign_id: random.uuid(), campaign_contact_id: random.uuid() }
    : { sequence_id: random.uuid(), step_id: random.uuid(), step_contact_id: random.uuid() };
}

/** The least and the most time between two messages; slow sessions outlast every setting of the agent. */
function paceOf(random: SeededRandom, { channel }: Conversation): [Microseconds, Microseconds] {
  if (channel === "call") return [2 * SECOND, 12 * SECOND];
  return random.weighted<[Microseconds, Microseconds]>([
    [[4 * SECOND, 3 * MINUTE], 75],
    [[20 * SECOND, 40 * MINUTE], 20],
    [[20 * HOUR, 30 * HOUR], 5],
  ]);
}

function draftMessage(
  random: SeededRandom,
  conversation: Conversation,
  turn: Turn,
  { at, ...ids }: Partial<SimulatedMessage> & { at: Microseconds },
): MessageDraft {
  const message = { ...composeMessage(random, conversation, turn, at), ...ids };
  const speaker = turn.inbound ? "User" : "Agent";
  const english = message.translated_body ?? message.body;
  const settledFrom = turn.inbound || random.chance(0.5) ? 0 : random.int(1, 2);
  const settledAt = at + random.int(SECOND / 20, 4 * SECOND) + settledFrom * random.int(SECOND, MINUTE);
  return {
    first: settledFrom === 0 ? message : { ...message, delivery_status: random.pick(["pending", "queued"]) },
    settled: { ...message, updated_at: formatMicroseconds(settledAt) },
    settledFrom,
    transcript: `${speaker}: ${message.body}`,
    translated: `${speaker}: ${english}`,
  };
}

/** The messages, dated some days later in all that they show. */
export function postdate(drafts: readonly MessageDraft[], days: number): MessageDraft[] {
  const later = (instant: string): string =>
    // Whole days leave the microseconds as they are.
    new Date(Date.parse(instant) + (days * DAY) / 1000).toISOString().slice(0, 19) + instant.slice(19);
  const moved = (message: SimulatedMessage): SimulatedMessage => ({
    ...message,
    created_at: later(message.created_at),
    updated_at: later(message.updated_at),
  });
  return drafts.map((draft) => ({ ...draft, first: moved(draft.first), settled: moved(draft.settled) }));
}
