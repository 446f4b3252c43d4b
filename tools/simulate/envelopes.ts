import { analyze, NO_ANALYSIS } from "./analysis.js";
import { formatMicroseconds, formatSeconds, HOUR, SECOND } from "./instant.js";
import type { MessageDraft } from "./messages.js";
import type { SimulatedAgentVersion, SimulatedEnvelope, SimulatedSessionData } from "./payload.js";
import type { SeededRandom } from "./random.js";
import type { SessionStory } from "./story.js";

type Rank = 0 | 1 | 2;

const RANKS: readonly Rank[] = [0, 1, 2];
const KINDS = ["started", "ended", "analyzed"] as const;

/** What is the same, or odd in the same way, in all deliveries of one session. */
interface DeliveryTraits {
  /** The content of the agent's version in each event: somebody may have edited it in between. */
  versions: Record<Rank, SimulatedAgentVersion>;
  /** The content that the answers were given to, which is not always the one beside them. */
  answered: SimulatedAgentVersion;
  endedReason: string;
  /** Neither `api_version` nor `created_at`, as in the older documentation. */
  legacy: boolean;
  /** How many messages `started` shows already: often all. */
  shownAtStart: number;
  /** The last snapshot lacks a message that the earlier ones had. */
  forgetful: boolean;
  untranslated: boolean;
  source: string | undefined;
}

/** Cuts a session into its events, as far as it has come. */
export function cutIntoEnvelopes(random: SeededRandom, story: SessionStory): SimulatedEnvelope[] {
  const traits = drawTraits(random, story);
  const firstAt = story.startedAt + random.int(SECOND, 20 * SECOND);
  const last = KINDS.indexOf(story.progress);
  const startLost = last > 0 && random.chance(0.02);
  // All events of a session carry the instant of the first, to the microsecond; only a second analysis has
  // its own.
  const events = RANKS.slice(startLost ? 1 : 0, last + 1).map((rank) => ({ rank, at: firstAt }));
  if (last === 2 && !traits.legacy && random.chance(0.05)) {
    events.push({ rank: 2, at: firstAt + random.int(HOUR, 48 * HOUR) });
  }
  return events.map(({ rank, at }) => ({
    data: takeSnapshot(random, story, rank, traits),
    api_version: traits.legacy ? undefined : "v1",
    event: `conversation_agent_session.${KINDS[rank]}`,
    created_at: traits.legacy ? undefined : formatMicroseconds(at),
    request_id: random.uuid(),
  }));
}

function drawTraits(random: SeededRandom, story: SessionStory): DeliveryTraits {
  const [original, edited = original] = random.pick(story.conversation.agent.versions);
  const later = random.chance(0.5) ? edited : original;
  const count = story.drafts.length;
  return {
    versions: { 0: later, 1: original, 2: later },
    answered: original,
    endedReason: random.weighted([
      ["user_ended", 40],
      ["agent_ended", 30],
      ["inactivity", 20],
      ["contact_opted_out", 8],
      ["error_llm_timeout", 2],
    ]),
    legacy: random.chance(0.03),
    shownAtStart: random.chance(0.4) ? count : random.int(0, count),
    forgetful: count > 2 && random.chance(0.04),
    untranslated: random.chance(0.03),
    source: random.chance(0.03) ? "web_widget" : undefined,
  };
}

function takeSnapshot(
  random: SeededRandom,
  story: SessionStory,
  rank: Rank,
  traits: DeliveryTraits,
): SimulatedSessionData {
  const { conversation } = story;
  const drafts = draftsShown(story.drafts, rank, traits);
  return {
    agent_version: traits.versions[rank],
    conversation_id: conversation.id,
    id: story.id,
    started_at: formatSeconds(story.startedAt),
    ended_at: rank > 0 ? formatSeconds(story.endedAt) : null,
    ended_reason: rank > 0 ? traits.endedReason : null,
    ...(rank === 2 ? analyze(random, conversation, traits.answered) : NO_ANALYSIS),
    messages: drafts.map((draft) => (rank < draft.settledFrom ? draft.first : draft.settled)),
    chat_transcript: drafts.length > 0 ? drafts.map(({ transcript }) => transcript).join("\n") : null,
    translated_chat_transcript: traits.untranslated ? undefined : translatedTranscript(drafts),
    language: conversation.language,
    translation_language: traits.untranslated ? undefined : "en",
    source: traits.source,
  };
}

function draftsShown(drafts: MessageDraft[], rank: Rank, traits: DeliveryTraits): MessageDraft[] {
  if (rank === 0) return drafts.slice(0, traits.shownAtStart);
  return rank === 2 && traits.forgetful ? drafts.slice(1) : drafts;
}

function translatedTranscript(drafts: readonly MessageDraft[]): string | null {
  return drafts.length > 0 ? drafts.map(({ translated }) => translated).join("\n") : null;
}
