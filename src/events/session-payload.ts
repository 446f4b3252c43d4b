import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { z } from "zod";
import { type FieldError, NotUnderstoodError } from "../errors.js";
import type { Envelope } from "./envelope.js";
import { toDatetime } from "./instant.js";
import { isJsonObject } from "./json.js";
import { Notes } from "./notes.js";
import { readFields } from "./read-fields.js";
import { agentVersionSchema, messageSchema, sessionSchema } from "./session-schema.js";

/** A JSON value kept as text, so that key order and what is null, `{}` or absent survive any database. */
export type JsonText = string;

/** What one event says of a session. Null: the event says nothing of it (absent and null alike), except in JSON texts. */
export interface SessionFacts {
  readonly conversationId: string;
  readonly agentVersionId: string;
  readonly agentId: string;
  readonly revisionId: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly endedReason: string | null;
  readonly chatCompletionRating: string | null;
  readonly chatSummary: string | null;
  readonly userSentiment: string | null;
  readonly language: string | null;
  readonly translationLanguage: string | null;
  readonly chatTranscript: string | null;
  readonly translatedChatTranscript: string | null;
  readonly customAnalysisData: JsonText | null;
}

/** What one event says of a message. */
export interface MessageFacts {
  readonly id: string;
  readonly conversationId: string;
  readonly body: string | null;
  readonly translatedBody: string | null;
  readonly direction: string | null;
  readonly type: string | null;
  readonly mode: string | null;
  readonly deliveryStatus: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly language: string | null;
  readonly translationLanguage: string | null;
  readonly contactId: string | null;
  readonly channelId: string | null;
  readonly campaignId: string | null;
  readonly campaignContactId: string | null;
  readonly sequenceId: string | null;
  readonly stepId: string | null;
  readonly stepContactId: string | null;
  readonly userId: number | null;
  readonly attachments: JsonText | null;
  readonly metadata: JsonText | null;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}

/** One distinct content of an agent version; its id is the hash of the content, so the same content is the same revision. */
export interface RevisionFacts {
  readonly id: string;
  readonly agentVersionId: string;
  readonly organizationId: string;
  readonly agentId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly llmId: string | null;
  readonly createdById: number | null;
  readonly language: string | null;
  readonly voiceId: string | null;
  readonly providerSettings: JsonText | null;
}

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
 * @throws NotUnderstoodError where it does not say which session, conversation, agent version or organization it speaks of, naming
 * each field and the rule it breaks (the event is then kept as a dead letter)
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
      conversationId,
      agentVersionId: revision.agentVersionId,
      agentId: revision.agentId,
      revisionId: revision.id,
      startedAt: data.started_at ?? null,
      endedAt: data.ended_at ?? null,
      endedReason: data.ended_reason ?? null,
      chatCompletionRating: data.chat_completion_rating ?? null,
      chatSummary: data.chat_summary ?? null,
      userSentiment: data.user_sentiment ?? null,
      language: data.language ?? null,
      translationLanguage: data.translation_language ?? null,
      chatTranscript: data.chat_transcript ?? null,
      translatedChatTranscript: data.translated_chat_transcript ?? null,
      customAnalysisData: toJsonText(data.custom_analysis_data),
    },
    messages: newestOfEach(readMessages(received, conversationId, notes)),
    notes: notes.toList(),
  };
}

type Session = z.output<typeof sessionSchema>;
type AgentVersion = z.output<typeof agentVersionSchema>;
type Message = z.output<typeof messageSchema>;

/** The two objects of an event that must say whose it is. */
function readOwners(received: unknown, notes: Notes): { session: Session; version: AgentVersion } {
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

function toIdOrNull(received: string | null | undefined): string | null {
  return received?.toLowerCase() ?? null;
}

function toJsonText(value: unknown): JsonText | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/**
 * The versions read last, by their whole text. It is state of the process: all services, organizations and databases in it share it.
 * That is safe, because what is found is what reading would give: facts are made of the text alone and never changed.
 */
const versionsRead = new LRUCache<string, RevisionFacts>({
  max: 1_000,
  // Characters: most texts have some thousand. What is longer than an entry may be is read anew each time.
  maxSize: 20_000_000,
  maxEntrySize: 100_000,
  sizeCalculation: (_facts, text) => text.length,
});

/** Sessions of one agent repeat its version word for word, and hashing it takes longer than finding it again. */
function toRevision(version: AgentVersion): RevisionFacts {
  const text = JSON.stringify(version);
  const known = versionsRead.get(text);
  if (known !== undefined) return known;
  const revision = readRevision(version);
  versionsRead.set(text, revision);
  return revision;
}

/** What was left out of a version is no part of its content: an event without these fields carries the same revision. */
function readRevision(version: AgentVersion): RevisionFacts {
  const settings = version.provider_settings;
  return {
    id: contentHash(version),
    agentVersionId: toId(version.id),
    organizationId: toId(version.organization_id),
    agentId: toId(version.agent_id),
    name: version.name ?? null,
    description: version.description ?? null,
    llmId: toIdOrNull(version.llm_id),
    createdById: version.created_by_id ?? null,
    language: textOf(settings, "language"),
    voiceId: textOf(settings, "voice_id"),
    providerSettings: toJsonText(settings),
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

function toMessage(message: Message, conversationId: string): MessageFacts {
  return {
    id: toId(message.id),
    conversationId: toId(message.conversation_id ?? conversationId),
    body: message.body ?? null,
    translatedBody: message.translated_body ?? null,
    direction: message.direction ?? null,
    type: message.type ?? null,
    mode: message.mode ?? null,
    deliveryStatus: message.delivery_status ?? null,
    from: message.from ?? null,
    to: message.to ?? null,
    language: message.language ?? null,
    translationLanguage: message.translation_language ?? null,
    contactId: toIdOrNull(message.contact_id),
    channelId: toIdOrNull(message.channel_id),
    campaignId: toIdOrNull(message.campaign_id),
    campaignContactId: toIdOrNull(message.campaign_contact_id),
    sequenceId: toIdOrNull(message.sequence_id),
    stepId: toIdOrNull(message.step_id),
    stepContactId: toIdOrNull(message.step_contact_id),
    userId: message.user_id ?? null,
    attachments: toJsonText(message.attachments),
    metadata: toJsonText(message.metadata),
    createdAt: message.created_at ?? null,
    updatedAt: message.updated_at ?? null,
  };
}

function datetimeOf(instant: string | null): string {
  return instant === null ? "" : toDatetime(instant);
}

/** SHA-256 (hex) of a JSON value, blind to the order of keys: a vendor that prints its keys in another order sends no new content. */
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
