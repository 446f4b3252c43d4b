import type { Conversation } from "./conversation.js";
import { DAY, HOUR, SECOND, type Microseconds } from "./instant.js";
import { MOST_MESSAGES, postdate, writeMessages, type MessageDraft } from "./messages.js";
import type { SeededRandom } from "./random.js";

/** How far a session has come: what is left of `started`, `ended`, `analyzed` is not delivered yet. */
export type SimulatedProgress = "started" | "ended" | "analyzed";

/** A session as a whole, before it is cut into events. */
export interface SessionStory {
  id: string;
  conversation: Conversation;
  progress: SimulatedProgress;
  startedAt: Microseconds;
  endedAt: Microseconds;
  drafts: MessageDraft[];
}

export function tellStory(
  random: SeededRandom,
  id: string,
  conversation: Conversation,
  startedAt: Microseconds,
): SessionStory {
  const progress = random.weighted<SimulatedProgress>([
    ["analyzed", 86],
    ["ended", 8],
    ["started", 6],
  ]);
  const { drafts, lastAt } = writeMessages(random, conversation, startedAt);
  const endedAt = lastAt + random.int(1, 7200) * SECOND;
  // The documented payloads date their messages days after the session, so that nothing may be inferred from
  // them.
  const days = random.chance(0.1) ? Math.ceil((endedAt - startedAt) / DAY) + random.int(1, 5) : 0;
  const dated = days > 0 ? postdate(drafts, days) : drafts;
  return { id, conversation, progress, startedAt, endedAt, drafts: dated };
}

/** The next session of a conversation: it shows the last message of the one before among its own. */
export function resumeStory(random: SeededRandom, id: string, previous: SessionStory): SessionStory {
  const startedAt = previous.endedAt + random.int(1, 24) * HOUR;
  const story = tellStory(random, id, previous.conversation, startedAt);
  const drafts = [...previous.drafts.slice(-1), ...story.drafts].slice(0, MOST_MESSAGES);
  return { ...story, drafts };
}
