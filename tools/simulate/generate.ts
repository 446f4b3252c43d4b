import { startConversation } from "./conversation.js";
import { cutIntoEnvelopes } from "./envelopes.js";
import { SECOND, type Microseconds } from "./instant.js";
import { buildOrganizations } from "./organizations.js";
import type { SimulatedEnvelope } from "./payload.js";
import { RandomStream, SeededRandom } from "./random.js";
import { resumeStory, tellStory, type SessionStory, type SimulatedProgress } from "./story.js";

export interface GenerateOptions {
  /** How many; `Infinity` is allowed, for a consumer that stops by itself. */
  sessions: number;
  /** An integer of at least 0. The same seed gives the same bytes, however many sessions are taken. */
  seed: number;
  /** How many staffing agencies share the sessions: 4 where absent. */
  organizations?: number;
  /** When the first session starts: 2025-08-19T06:40:45Z where absent. */
  baseTime?: Date;
  /** Another value than `seed` (the default) gives new sessions of the same organizations and contacts. */
  sessionSeed?: number;
}

/** One session with all that Whippy would deliver about it. */
export interface SimulatedSession {
  index: number;
  id: string;
  organizationId: string;
  progress: SimulatedProgress;
  /** In the order in which Whippy sends them: one to four. */
  envelopes: SimulatedEnvelope[];
}

const DEFAULT_BASE_TIME = new Date("2025-08-19T06:40:45Z");
const DEFAULT_ORGANIZATIONS = 4;

/**
 * Whippy's deliveries for that many sessions, made one session at a time: a million of them need no more
 * memory than one. Every known trap of the payloads occurs in them, the rare ones rarely.
 */
export function* generateSessions(options: GenerateOptions): Generator<SimulatedSession, void, undefined> {
  const { seed, sessionSeed = seed, baseTime = DEFAULT_BASE_TIME } = options;
  const organizations = buildOrganizations(seed, options.organizations ?? DEFAULT_ORGANIZATIONS);
  let previous: SessionStory | undefined;
  for (let index = 0; index < options.sessions; index += 1) {
    const random = new SeededRandom(sessionSeed, RandomStream.sessions, index);
    const id = random.uuid();
    if (random.chance(0.08) && previous !== undefined && previous.progress !== "started") {
      previous = resumeStory(random, id, previous);
    } else {
      const conversation = startConversation(random, seed, organizations);
      previous = tellStory(random, id, conversation, startOf(baseTime, index));
    }
    yield {
      index,
      id,
      organizationId: previous.conversation.organization.id,
      progress: previous.progress,
      envelopes: cutIntoEnvelopes(random, previous),
    };
  }
}

/**
 * A business that grows: each day a few more sessions than the day before. The instant depends on the
 * index alone, so the first sessions of a long run are those of a short one; a million take eleven months.
 */
function startOf(baseTime: Date, index: number): Microseconds {
  const eightHours = 8 * 3600;
  return (Math.floor(baseTime.getTime() / 1000) + Math.floor(Math.sqrt(index) * eightHours)) * SECOND;
}
