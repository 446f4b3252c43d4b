import type { ClassType } from "type-graphql";
import { propertiesOf } from "../model/declare.js";
import { Message } from "../model/message.js";
import { Session } from "../model/session.js";
import { type Identifier, Scrubber } from "./identifiers.js";
import { scalarsOf } from "./json-scalars.js";
import { findEvent } from "./registry.js";

/** A parsed event, as it stands in a raw body. */
export type EventJson = Record<string, unknown>;

const uuid = /^[0-9a-f]{8}-/;

/**
 * An event as it may be kept once some people are erased: one with them is redacted, one that mentions them
 * is scrubbed.
 */
export function withoutErased(event: EventJson, erased: ReadonlySet<Identifier>): EventJson {
  if (!isWith(event, erased)) return new Scrubber(erased).scrub(event) as EventJson;
  // Ids hold a session in its place, and those that must go do not pass redaction.
  const written = new Set([...erased].filter((identifier) => !uuid.test(identifier)));
  return new Scrubber(written).scrub(redactEvent(event)) as EventJson;
}

/**
 * Whether a person takes part in an event: in an address field, or as all of a text. Within a text they are
 * mentioned.
 */
export function isWith(event: EventJson, people: ReadonlySet<Identifier>): boolean {
  const scrubber = new Scrubber(people);
  for (const [scalar, key] of scalarsOf({ ...toObject(event.data), custom_analysis_data: null })) {
    if (typeof scalar !== "string") continue;
    if (key === "from" || key === "to" ? scrubber.names(scalar) : scrubber.isAddress(scalar)) return true;
  }
  return false;
}

/**
 * An event without what it says of a person: lists what stays, so that a field that is unknown today does not
 * stay. Sessions and messages keep their ids, times and codes; so counts stay, and the event can be projected
 * again to the same erased state. Events that are not understood keep their envelope alone.
 */
export function redactEvent(event: EventJson): EventJson {
  const data = toObject(event.data);
  const messages = Array.isArray(data.messages) ? { messages: data.messages.map(redactMessage) } : {};
  const isSession = typeof event.event === "string" && findEvent(event.event) !== undefined;
  return {
    ...pick(event, ["event", "request_id", "api_version", "created_at"]),
    data: isSession ? { ...pick(data, sessionFields), ...messages } : {},
  };
}

/** The payload's names of what an erasure leaves. */
function keptOf(type: ClassType): string[] {
  return propertiesOf(type).flatMap(({ traits }) =>
    traits.payload !== undefined && traits.privacy.erased === "kept" ? [traits.payload] : [],
  );
}

const sessionFields = ["id", "agent_version", ...keptOf(Session)];
const messageFields = keptOf(Message);

/** The organization's own address stays; where the direction does not say which it is, neither does. */
function redactMessage(received: unknown): EventJson {
  const message = toObject(received);
  const own = ownAddressField(message.direction);
  return { ...pick(message, messageFields), ...(own === undefined ? {} : { [own]: message[own] }) };
}

export function ownAddressField(direction: unknown): "from" | "to" | undefined {
  return direction === "INBOUND" ? "to" : direction === "OUTBOUND" ? "from" : undefined;
}

function pick(from: EventJson, names: readonly string[]): EventJson {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));
}

function toObject(value: unknown): EventJson {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as EventJson) : {};
}
