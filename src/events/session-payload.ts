import { hash } from "node:crypto";
import type { z } from "zod";
import { NotUnderstoodError } from "../errors.js";
import { type Envelope, fieldErrors } from "./envelope.js";
import { toDatetime } from "./instant.js";
import { type agentVersionSchema, type messageSchema, sessionSchema } from "./session-schema.js";
import { findUnstorable } from "./storable.js";

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
  readonly fromAddress: string | null;
  readonly toAddress: string | null;
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
}

/**
 * Reads the `data` of a session event.
 * @throws NotUnderstoodError naming each field and the rule it breaks (the event is then kept as a dead letter).
 */
export function readSessionSnapshot(envelope: Envelope): SessionSnapshot {
  const unstorable = findUnstorable(envelope.data, "data");
  if (unstorable.length > 0) throw new NotUnderstoodError(unstorable);
  const parsed = sessionSchema.safeParse(envelope.data);
  if (!parsed.success) throw new NotUnderstoodError(fieldErrors(parsed.error, ["data"]));
  const data = parsed.data;
  const revision = toRevision(data.agent_version, envelope.data.agent_version);
  return {
    id: toId(data.id),
    organizationId: revision.organizationId,
    revision,
    session: {
      conversationId: toId(data.conversation_id),
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
    messages: toMessages(data.messages ?? [], data.conversation_id),
  };
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

const rememberedVersions = 1_000;
/** A text that is longer (most have some kilobytes) is read anew each time, so that what is remembered stays small. */
const longestRemembered = 100_000;

/**
 * The versions read last, by their whole text. It is state of the process: all services, organizations and databases in it share it.
 * That is safe, because what is found is what reading would give: facts are made of the text alone and never changed.
 */
const versionsRead = new Map<string, RevisionFacts>();

/** Sessions of one agent repeat its version word for word, and hashing it takes longer than finding it again. */
function toRevision(version: z.output<typeof agentVersionSchema>, received: unknown): RevisionFacts {
  const text = JSON.stringify(received);
  const known = versionsRead.get(text);
  if (known !== undefined) return known;
  const revision = readRevision(version, received);
  if (text.length > longestRemembered) return revision;
  if (versionsRead.size >= rememberedVersions) versionsRead.clear();
  versionsRead.set(text, revision);
  return revision;
}

function readRevision(version: z.output<typeof agentVersionSchema>, received: unknown): RevisionFacts {
  const settings = version.provider_settings;
  return {
    id: contentHash(received),
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
  const value = isObject(settings) ? settings[key] : undefined;
  return typeof value === "string" && value.length <= 255 ? value : null;
}

function toMessages(
  messages: readonly z.output<typeof messageSchema>[],
  conversationId: string,
): MessageFacts[] {
  const byId = new Map<string, MessageFacts>();
  for (const received of messages) {
    const message = toMessage(received, conversationId);
    const earlier = byId.get(message.id);
    if (earlier && datetimeOf(earlier.updatedAt) > datetimeOf(message.updatedAt)) continue;
    byId.set(message.id, message);
  }
  return [...byId.values()];
}

function toMessage(message: z.output<typeof messageSchema>, conversationId: string): MessageFacts {
  return {
    id: toId(message.id),
    conversationId: toId(message.conversation_id ?? conversationId),
    body: message.body ?? null,
    translatedBody: message.translated_body ?? null,
    direction: message.direction ?? null,
    type: message.type ?? null,
    mode: message.mode ?? null,
    deliveryStatus: message.delivery_status ?? null,
    fromAddress: message.from ?? null,
    toAddress: message.to ?? null,
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
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
