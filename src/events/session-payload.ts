import { createHash } from "node:crypto";
import { z } from "zod";
import { NotUnderstoodError } from "../errors.js";
import { type Envelope, fieldErrors, instantRule } from "./envelope.js";
import { parseInstant, toDatetime } from "./instant.js";
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

const uuid = z
  .string("must be a UUID")
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "must be a UUID")
  .transform((id) => id.toLowerCase());
/** Absent and null are the same: the event says nothing of the field. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);
const text = (most = 16_000_000) =>
  optional(z.string("must be a text").max(most, `must have at most ${most} characters`));
/** Open enumerations and languages: short texts, not a closed list. */
const code = text(255);
const id = optional(uuid);
const int32 = optional(z.int32("must be a whole number of 32 bits"));
const json = z
  .unknown()
  .optional()
  .transform((value): JsonText | null =>
    value === undefined || value === null ? null : JSON.stringify(value),
  );
const instant = optional(
  z.string(instantRule).transform((value, context) => {
    const read = parseInstant(value);
    if (read === undefined) context.addIssue({ code: "custom", message: instantRule });
    return read ?? z.NEVER;
  }),
);

const messageSchema = z.object({
  id: uuid,
  conversation_id: id,
  body: text(),
  translated_body: text(),
  direction: code,
  type: code,
  mode: code,
  delivery_status: code,
  from: text(320),
  to: text(320),
  language: code,
  translation_language: code,
  contact_id: id,
  channel_id: id,
  campaign_id: id,
  campaign_contact_id: id,
  sequence_id: id,
  step_id: id,
  step_contact_id: id,
  user_id: int32,
  attachments: json,
  metadata: json,
  created_at: instant,
  updated_at: instant,
});

const agentVersionSchema = z.looseObject({
  id: uuid,
  agent_id: uuid,
  organization_id: uuid,
  name: text(1_000),
  description: text(),
  llm_id: id,
  created_by_id: int32,
  provider_settings: z.unknown().optional(),
});

const sessionSchema = z.object({
  id: uuid,
  conversation_id: uuid,
  agent_version: agentVersionSchema,
  started_at: instant,
  ended_at: instant,
  ended_reason: code,
  chat_completion_rating: code,
  chat_summary: text(),
  user_sentiment: code,
  language: code,
  translation_language: code,
  chat_transcript: text(),
  translated_chat_transcript: text(),
  custom_analysis_data: json,
  messages: optional(
    z.array(messageSchema, "must be a list").max(50_000, "must have at most 50000 messages"),
  ),
});

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
    id: data.id,
    organizationId: revision.organizationId,
    revision,
    session: {
      conversationId: data.conversation_id,
      agentVersionId: revision.agentVersionId,
      agentId: revision.agentId,
      revisionId: revision.id,
      startedAt: data.started_at,
      endedAt: data.ended_at,
      endedReason: data.ended_reason,
      chatCompletionRating: data.chat_completion_rating,
      chatSummary: data.chat_summary,
      userSentiment: data.user_sentiment,
      language: data.language,
      translationLanguage: data.translation_language,
      chatTranscript: data.chat_transcript,
      translatedChatTranscript: data.translated_chat_transcript,
      customAnalysisData: data.custom_analysis_data,
    },
    messages: toMessages(data.messages ?? [], data.conversation_id),
  };
}

function toRevision(version: z.output<typeof agentVersionSchema>, received: unknown): RevisionFacts {
  const settings = version.provider_settings;
  return {
    id: contentHash(received),
    agentVersionId: version.id,
    organizationId: version.organization_id,
    agentId: version.agent_id,
    name: version.name,
    description: version.description,
    llmId: version.llm_id,
    createdById: version.created_by_id,
    language: textOf(settings, "language"),
    voiceId: textOf(settings, "voice_id"),
    providerSettings: settings === undefined || settings === null ? null : JSON.stringify(settings),
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
  for (const message of messages) {
    const earlier = byId.get(message.id);
    if (earlier && datetimeOf(earlier.updatedAt) > datetimeOf(message.updated_at)) continue;
    byId.set(message.id, {
      id: message.id,
      conversationId: message.conversation_id ?? conversationId,
      body: message.body,
      translatedBody: message.translated_body,
      direction: message.direction,
      type: message.type,
      mode: message.mode,
      deliveryStatus: message.delivery_status,
      fromAddress: message.from,
      toAddress: message.to,
      language: message.language,
      translationLanguage: message.translation_language,
      contactId: message.contact_id,
      channelId: message.channel_id,
      campaignId: message.campaign_id,
      campaignContactId: message.campaign_contact_id,
      sequenceId: message.sequence_id,
      stepId: message.step_id,
      stepContactId: message.step_contact_id,
      userId: message.user_id,
      attachments: message.attachments,
      metadata: message.metadata,
      createdAt: message.created_at,
      updatedAt: message.updated_at,
    });
  }
  return [...byId.values()];
}

function datetimeOf(instant: string | null): string {
  return instant === null ? "" : toDatetime(instant);
}

/** SHA-256 (hex) of a JSON value, blind to the order of keys: a vendor that prints its keys in another order sends no new content. */
export function contentHash(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
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
