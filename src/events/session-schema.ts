import { z } from "zod";
import { instantRule } from "./envelope.js";
import { parseInstant } from "./instant.js";

/** Compared in lower case: session-payload.ts writes it so. */
const uuid = z
  .string("must be a UUID")
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "must be a UUID");
const text = (most = 16_000_000) =>
  z.string("must be a text").max(most, `must have at most ${most} characters`).nullish();
/** Open enumerations and languages: short texts, not a closed list. */
const code = text(255);
const id = uuid.nullish();
const int32 = z.int32("must be a whole number of 32 bits").nullish();
const json = z.unknown().optional();
const instant = z
  .string(instantRule)
  .transform((value, context) => {
    const read = parseInstant(value);
    if (read === undefined) context.addIssue({ code: "custom", message: instantRule });
    return read ?? z.NEVER;
  })
  .nullish();

/** A message, as Whippy writes it. */
export const messageSchema = z.object({
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

/** An agent version, as Whippy writes it. */
export const agentVersionSchema = z.object({
  id: uuid,
  agent_id: uuid,
  organization_id: uuid,
  name: text(1_000),
  description: text(),
  llm_id: id,
  created_by_id: int32,
  provider_settings: z.unknown().optional(),
});

/** The `data` of a session event, as Whippy writes it: who and whose must be said, everything else may be missing, null or new. */
export const sessionSchema = z.object({
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
  messages: z
    .array(messageSchema, "must be a list")
    .max(50_000, "must have at most 50000 messages")
    .nullish(),
});
