import { isUtf8 } from "node:buffer";
import { BadInputError, type FieldError } from "../errors.js";
import { instantRule, parseInstant } from "../model/instant.js";
import { isJsonObject, type JsonObject, jsonTextOf } from "./json.js";
import { Notes } from "./notes.js";

/** What stands around every Whippy event, whatever its type. */
export interface Envelope {
  /** The type, such as `conversation_agent_session.analyzed`; of an odd one what can be stored. */
  readonly event: string;
  /** Whippy's id of the delivery. Whether it stays the same on a retry is unknown. */
  readonly requestId: string | undefined;
  readonly apiVersion: string | undefined;
  /** UTC instant; all three events of a session may share one, so it orders only events of one kind. */
  readonly createdAt: string | undefined;
  /** Not yet understood: each event's own schema reads it. */
  readonly data: unknown;
  /** What of the envelope itself is odd and was left out. */
  readonly notes: readonly FieldError[];
}

const longestEvent = 100;

/**
 * Reads the envelope of a delivery from its raw body. An odd field beside `event` is left out with a note:
 * Whippy has no list of sessions, so an event that is refused is lost.
 * @throws BadInputError where the body is no UTF-8, no JSON object, or has no `event` of text; it names the
 * field and the rule
 */
export function parseEnvelope(body: Buffer): Envelope {
  const { event, request_id, api_version, created_at, data } = parseObject(body);
  if (typeof event !== "string") {
    throw new BadInputError("The body is not an event.", [{ field: "event", rule: "must be a text" }]);
  }
  const notes = new Notes();
  return {
    event: readEvent(event, notes),
    requestId: readLabel("request_id", request_id, 200, notes),
    apiVersion: readLabel("api_version", api_version, 50, notes),
    createdAt: readInstant("created_at", created_at, notes),
    data,
    notes: notes.toList(),
  };
}

const unprintable = /[\p{Cc}\p{Cs}]/gu;

/** No event that is understood has an odd name, so what is changed here decides nothing. */
function readEvent(event: string, notes: Notes): string {
  const storable = event.slice(0, longestEvent).replace(unprintable, "\uFFFD");
  if (storable !== event) notes.add([{ field: "event", rule: labelRule(longestEvent) }]);
  return storable;
}

/** An id or a version: opaque text. A number counts as its text, where JSON has not changed its digits. */
function readLabel(field: string, value: unknown, most: number, notes: Notes): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const text =
    typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : value;
  if (typeof text === "string" && text.length <= most && text.search(unprintable) === -1) return text;
  notes.add([{ field, rule: labelRule(most) }]);
  return undefined;
}

function readInstant(field: string, value: unknown, notes: Notes): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const instant = typeof value === "string" ? parseInstant(value) : undefined;
  if (instant === undefined) notes.add([{ field, rule: instantRule }]);
  return instant;
}

function labelRule(most: number): string {
  return `must be a text of at most ${most} characters, none of them a control character`;
}

/** Refuses what is no UTF-8 instead of replacing it. */
function parseObject(body: Buffer): JsonObject {
  if (!isUtf8(body)) {
    throw new BadInputError("The body is not valid UTF-8.", [{ field: "body", rule: "must be UTF-8" }]);
  }
  let value: unknown;
  try {
    value = JSON.parse(jsonTextOf(body));
  } catch {
    throw new BadInputError("The body is not valid JSON.", [{ field: "body", rule: "must be JSON" }]);
  }
  if (!isJsonObject(value)) {
    throw new BadInputError("The body is not a JSON object.", [
      { field: "body", rule: "must be a JSON object" },
    ]);
  }
  return value;
}
