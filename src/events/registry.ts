import { sessionAnalyzed } from "./session-analyzed.event.js";
import { sessionEnded } from "./session-ended.event.js";
import type { SessionEventDefinition } from "./session-event.js";
import { sessionStarted } from "./session-started.event.js";

/** Every event type that is understood. A type that is not listed is recorded and answered 202, status `ignored`. */
export const registeredEvents: readonly SessionEventDefinition[] = [
  sessionStarted,
  sessionEnded,
  sessionAnalyzed,
];

/** The definition of an event type, or undefined for one that is not understood (yet). */
export function findEvent(name: string): SessionEventDefinition | undefined {
  return registeredEvents.find((event) => event.name === name);
}
