import { z } from "zod";
import { instantRule, parseInstant } from "../model/instant.js";
import { uuidFormat } from "../model/uuid.js";
import { findUnstorable } from "./storable.js";

/** Compared in lower case: session-payload.ts writes it so. */
const uuid = z.string("must be a UUID").regex(uuidFormat, "must be a UUID");
const text = (most = 16_000_000) =>
  z
    .string("must be a text")
    .max(most, `must have at most ${most} characters`)
    .refine((value) => value.isWellFormed(), "must be Unicode text (a surrogate stands alone)")
    .nullish();
/** Open enumerations and languages: short texts, not a closed list. */
const code = text(255);
/** An empty text stands for no id and no instant: Whippy's own samples of other events have it. */
const none = z.literal("").transform(() => null);
const id = z.union([uuid, none], "must be a UUID").nullish();
/** Numbers beyond are rounded by JSON.parse: another id than Whippy's. */
const integerIdRule = "must be a whole number between -(2^53 - 1) and 2^53 - 1";
const integerId = z.union([z.int(), none], integerIdRule).nullish();
const instant = z
  .string(instantRule)
  .transform((value, context) => {
    if (value === "") return null;
    const read = parseInstant(value);
    if (read === undefined) context.addIssue({ code: "custom", message: instantRule });
    return read ?? z.NEVER;
  })
  .nullish();
/** Any JSON that can be stored. */
const json = z
  .unknown()
  .superRefine((value, context) => {
    for (const { path, rule } of findUnstorable(value))
      context.addIssue({ code: "custom", message: rule, path });
  })
  .optional();

/** A message, as Whippy writes it. */
export const messageSchema = z.object(
  {
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
    user_id: integerId,
    attachments: json,
    metadata: json,
    created_at: instant,
    updated_at: instant,
  },
  "must be a JSON object",
);

/** An agent version, as Whippy writes it, with all that is not known yet: it is one content with the rest. */
export const agentVersionSchema = z
  .object(
    {
      id: uuid,
      agent_id: uuid,
      organization_id: uuid,
      name: text(1_000),
      description: text(),
      llm_id: id,
      created_by_id: integerId,
      provider_settings: json,
    },
    "must be a JSON object",
  )
  .catchall(json);

/**
 * The `data` of a session event, as Whippy writes it, but for the agent version and the messages. Whose it is
 * must be said; everything else may be missing, null or new.
 */
export const sessionSchema = z.object(
  {
    id: uuid,
    conversation_id: uuid,
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
  },
  "must be a JSON object",
);
