import type { SessionStatus } from "../model/session.js";
import type { Envelope } from "./envelope.js";
import { readSessionSnapshot, type SessionSnapshot } from "./session-payload.js";

/**
 * A type of webhook event that this service understands. Each stands in a file of its own; registry.ts lists
 * them.
 */
export interface SessionEventDefinition<Kind extends string = string> {
  /** The envelope's `event`. */
  readonly name: string;
  /** What the feed and GraphQL call it. */
  readonly kind: Kind;
  /** The documentation of the kind in the GraphQL enum. */
  readonly description: string;
  /**
   * From 10 to 99: an event of lower precedence never overwrites what one of higher precedence said of the
   * same session.
   */
  readonly precedence: number;
  /** How far the session has come once it is received; null where it says nothing of that. */
  readonly status: SessionStatus | null;
  /** Its bit in the set of kinds that a session has received: a power of two that no other event has. */
  readonly seenBit: number;
  /** Whether its analysis fields are a result to be kept in the session's history of analyses. */
  readonly bringsAnalysis: boolean;
  /** @throws NotUnderstoodError naming each field and rule */
  readonly read: (envelope: Envelope) => SessionSnapshot;
}

/**
 * Any of them may be the first to arrive and carries all that is known by then, so they share one payload.
 */
export function defineSessionEvent<const Kind extends string>(
  definition: Omit<SessionEventDefinition<Kind>, "read">,
): SessionEventDefinition<Kind> {
  return { ...definition, read: readSessionSnapshot };
}
