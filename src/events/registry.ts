import { sessionAnalyzed } from "./session-analyzed.event.js";
import { sessionEnded } from "./session-ended.event.js";
import type { SessionEventDefinition } from "./session-event.js";
import { sessionStarted } from "./session-started.event.js";

/**
 * Every event type that is understood. A type that is not listed is recorded and answered 202, status
 * `ignored`.
 */
export const registeredEvents = [sessionStarted, sessionEnded, sessionAnalyzed] as const;

/** What the feed and GraphQL call the events. */
export type SessionEventKind = (typeof registeredEvents)[number]["kind"];

/** The kinds in the order of the registry. */
export const sessionEventKinds: readonly SessionEventKind[] = registeredEvents.map(({ kind }) => kind);

/** The definition of an event that is understood. */
export type RegisteredEvent = SessionEventDefinition<SessionEventKind>;

/** The definition of an event type, or undefined for one that is not understood (yet). */
export function findEvent(name: string): RegisteredEvent | undefined {
  return registeredEvents.find((event) => event.name === name);
}

/** What the feed tells of that no event says: that something is overdue. See model/expectation.ts. */
export const overdueKind = "OVERDUE";

/** What an entry of the feed may be of. */
export type FeedKind = SessionEventKind | typeof overdueKind;

/** The kinds of events in the order of the registry, then what no event says. */
export const feedKinds: readonly FeedKind[] = [...sessionEventKinds, overdueKind];
