import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { z } from "zod";
import { type FieldError, NotUnderstoodError } from "../errors.js";
import { AgentVersionRevision, type RevisionFacts } from "../model/agent-version.js";
import { Message, type MessageFacts } from "../model/message.js";
import { Session, type SessionFacts } from "../model/session.js";
import type { Envelope } from "./envelope.js";
import { toDatetime } from "../model/instant.js";
import { isJsonObject } from "./json.js";
import { Notes } from "./notes.js";
import { readFacts } from "./read-facts.js";
import { readFields } from "./read-fields.js";
import { agentVersionSchema, messageSchema, sessionSchema } from "./session-schema.js";

/** Everything that one session event says. */
export interface SessionSnapshot {
  readonly id: string;
  readonly organizationId: string;
  readonly session: SessionFacts;
  readonly revision: RevisionFacts;
  /** In the order of the payload, each id once (the newest mention wins). */
  readonly messages: readonly MessageFacts[];
  /** What of the event, its envelope included, is odd and was left out. */
  readonly notes: readonly FieldError[];
}

/**
 * Reads the `data` of a session event. Odd fields, and messages without an id, are left out and noted.
 * @throws NotUnderstoodError where it does not say which session, conversation, agent version or organization
 * it speaks of, naming each field and the rule it breaks (the event is then kept as a dead letter)
 */
export function readSessionSnapshot({ data: received, notes: noted }: Envelope): SessionSnapshot {
  const notes = new Notes(noted);
  const { session: data, version } = readOwners(received, notes);
  const revision = toRevision(version);
  const conversationId = toId(data.conversation_id);
  return {
    id: toId(data.id),
    organizationId: revision.organizationId,
    revision,
    session: {
      ...(readFacts(Session, data) as SessionFacts),
      agentVersionId: revision.agentVersionId,
      agentId: revision.agentId,
      revisionId: revision.id,
    },
    messages: newestOfEach(readMessages(received, conversationId, notes)),
    notes: notes.toList(),
  };
}

type ReceivedSession = z.output<typeof sessionSchema>;
type ReceivedVersion = z.output<typeof agentVersionSchema>;
type ReceivedMessage = z.output<typeof messageSchema>;

/** The two objects of an event that must say whose it is. */
function readOwners(received: unknown, notes: Notes): { session: ReceivedSession; version: ReceivedVersion } {
  const agentVersion = isJsonObject(received) ? received.agent_version : undefined;
  const session = readFields(sessionSchema, received, ["data"]);
  const version = readFields(agentVersionSchema, agentVersion, ["data", "agent_version"]);
  if (session.value === undefined || version.value === undefined) {
    const reasons = [session, version].flatMap((part) => (part.value === undefined ? part.notes : []));
    throw new NotUnderstoodError(reasons);
  }
  notes.add(session.notes);
  notes.add(version.notes);
  return { session: session.value, version: version.value };
}

const mostMessages = 50_000;

function readMessages(data: unknown, conversationId: string, notes: Notes): MessageFacts[] {
  const received = isJsonObject(data) ? (data.messages ?? []) : [];
  const isList = Array.isArray(received);
  if (!isList || received.length > mostMessages) {
    const rule = isList ? `must have at most ${mostMessages} messages` : "must be a list";
    notes.add([{ field: "data.messages", rule }]);
    return [];
  }
  return received.flatMap((message, index) => {
    const read = readFields(messageSchema, message, ["data", "messages", String(index)]);
    notes.add(read.notes);
    return read.value === undefined ? [] : [toMessage(read.value, conversationId)];
  });
}

function toId(received: string): string {
  return received.toLowerCase();
}

/**
 * The versions read last, by their whole text. It is state of the process: all services, organizations and
 * databases in it share it. That is safe, because what is found is what reading would give: facts are made of
 * the text alone and never changed.
 */
const versionsRead = new LRUCache<string, RevisionFacts>({
  max: 1_000,
  // Characters: most texts have some thousand. What is longer than an entry may be is read anew each time.
  maxSize: 20_000_000,
  maxEntrySize: 100_000,
  sizeCalculation: (_facts, text) => text.length,
});

/**
 * Sessions of one agent repeat its version word for word, and hashing it takes longer than finding it again.
 */
function toRevision(version: ReceivedVersion): RevisionFacts {
  const text = JSON.stringify(version);
  const known = versionsRead.get(text);
  if (known !== undefined) return known;
  const revision = readRevision(version);
  versionsRead.set(text, revision);
  return revision;
}

/**
 * What was left out of a version is no part of its content: an event without these fields carries the same
 * revision.
 */
function readRevision(version: ReceivedVersion): RevisionFacts {
  const settings = version.provider_settings;
  return {
    ...(readFacts(AgentVersionRevision, version) as RevisionFacts),
    id: contentHash(version),
    agentVersionId: toId(version.id),
    organizationId: toId(version.organization_id),
    agentId: toId(version.agent_id),
    language: textOf(settings, "language"),
    voiceId: textOf(settings, "voice_id"),
  };
}

function textOf(settings: unknown, key: string): string | null {
  const value = isJsonObject(settings) ? settings[key] : undefined;
  return typeof value === "string" && value.length <= 255 ? value : null;
}

function newestOfEach(messages: readonly MessageFacts[]): MessageFacts[] {
  const byId = new Map<string, MessageFacts>();
  for (const message of messages) {
    const earlier = byId.get(message.id);
    if (earlier && datetimeOf(earlier.updatedAt) > datetimeOf(message.updatedAt)) continue;
    byId.set(message.id, message);
  }
  return [...byId.values()];
}

function toMessage(message: ReceivedMessage, conversationId: string): MessageFacts {
  const facts = readFacts(Message, message) as MessageFacts;
  return message.conversation_id ? facts : { ...facts, conversationId };
}

function datetimeOf(instant: string | null): string {
  return instant === null ? "" : toDatetime(instant);
}

/**
 * SHA-256 (hex) of a JSON value, blind to the order of keys: a vendor that prints its keys in another order
 * sends no new content.
 */
export function contentHash(value: unknown): string {
  return hash("sha256", canonical(value));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}
