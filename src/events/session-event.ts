import type { Envelope } from "./envelope.js";
import { readSessionSnapshot, type SessionSnapshot } from "./session-payload.js";

/** The three things that happen to a session, in the order of its life. */
export type SessionEventKind = "STARTED" | "ENDED" | "ANALYZED";

/** A type of webhook event that this service understands: its name, its place in a session's life, and what its data means. */
export interface SessionEventDefinition {
  /** The envelope's `event`. */
  readonly name: string;
  readonly kind: SessionEventKind;
  /** A lower rank never overwrites what a higher rank set. */
  readonly rank: number;
  /** Whether its analysis fields are a result to be kept in the session's history of analyses. */
  readonly bringsAnalysis: boolean;
  /** @throws NotUnderstoodError naming each field and rule */
  readonly read: (envelope: Envelope) => SessionSnapshot;
}

/** Any of the three may be the first to arrive and carries all that is known by then, so they share one payload. */
export function defineSessionEvent(definition: Omit<SessionEventDefinition, "read">): SessionEventDefinition {
  return { ...definition, read: readSessionSnapshot };
}
