import { createHash, randomUUID } from "node:crypto";
import { countMessages } from "../../src/events/message-counts.js";
import { packAtOnce } from "../../src/model/packed.js";
import { searchTerms } from "../../src/store/search-terms.js";
import type { SimulatedEnvelope, SimulatedMessage } from "../../tools/simulate/payload.js";

export type Row = Record<string, string | number | Buffer | null>;

/** All that one event stores, as rows of the service's own tables. */
export interface EventRows {
  readonly event: Row;
  readonly version: Row;
  readonly revision: Row;
  /** Without its cluster key. */
  readonly session: Row;
  /** Without their cluster keys. */
  readonly messages: readonly Row[];
  readonly parties: readonly Row[];
  /** Only where the event brings an analysis. */
  readonly analysis: Row | undefined;
  /** Only where the event brings some, or says that there are none. */
  readonly answers: readonly Row[] | undefined;
  /** The words that searches look for, cut as the service cuts them; none where there is no word. */
  readonly terms: readonly Row[];
  readonly feed: Row;
}

const lifecycles: Record<string, number> = { started: 1, ended: 2, analyzed: 3 };

/** A delivery's rows, trusting the payload: no schema, no signature, no check of who owns what. */
export function toRows(body: Buffer): EventRows {
  const envelope = JSON.parse(body.toString()) as SimulatedEnvelope;
  const { data } = envelope;
  const receivedAt = datetime(new Date().toISOString());
  const eventId = orderedId();
  const kind = envelope.event.slice(envelope.event.lastIndexOf(".") + 1);
  const lifecycle = lifecycles[kind] ?? 0;
  const at = envelope.created_at === undefined ? receivedAt : datetime(envelope.created_at);
  const source = `${lifecycle}|${at}|${eventId}`;
  const owner = data.agent_version.organization_id;
  const settings = data.agent_version.provider_settings;
  const revisionId = sha256(JSON.stringify(data.agent_version));
  const counts = countMessages(
    data.messages.map(({ delivery_status, direction, mode }) => ({
      deliveryStatus: delivery_status,
      direction,
      mode,
    })),
  );
  const answers = data.custom_analysis_data ?? null;
  const questions = new Map(settings.post_call_analysis_data.map(({ name, type }) => [name, type]));
  const analysis = {
    chat_completion_rating: data.chat_completion_rating,
    chat_summary: data.chat_summary,
    user_sentiment: data.user_sentiment,
    custom_analysis_data: answers === null ? null : JSON.stringify(answers),
  };
  return {
    event: {
      id: eventId,
      request_id: envelope.request_id,
      event_type: envelope.event,
      api_version: envelope.api_version ?? null,
      event_created_at: envelope.created_at === undefined ? null : at,
      event_created_at_decimals: decimals(envelope.created_at),
      received_at: receivedAt,
      status: "projected",
      organization_id: owner,
      session_id: data.id,
      size_bytes: body.length,
      body_sha256: sha256(body),
      body,
    },
    version: { organization_id: owner, id: data.agent_version.id, received_at: receivedAt },
    revision: {
      id: revisionId,
      agent_version_id: data.agent_version.id,
      organization_id: owner,
      agent_id: data.agent_version.agent_id,
      name: data.agent_version.name,
      description: data.agent_version.description,
      llm_id: data.agent_version.llm_id,
      created_by_id: data.agent_version.created_by_id,
      language: settings.language,
      voice_id: typeof settings.voice_id === "string" ? settings.voice_id : null,
      provider_settings: JSON.stringify(settings),
      received_at: receivedAt,
    },
    session: {
      id: data.id,
      organization_id: owner,
      conversation_id: data.conversation_id,
      agent_id: data.agent_version.agent_id,
      agent_version_id: data.agent_version.id,
      revision_id: revisionId,
      kinds_seen: 1 << (lifecycle - 1),
      started_at: datetime(data.started_at),
      started_at_decimals: decimals(data.started_at),
      ended_at: data.ended_at === null ? null : datetime(data.ended_at),
      ended_at_decimals: decimals(data.ended_at),
      analyzed_at: kind === "analyzed" ? receivedAt : null,
      ended_reason: data.ended_reason,
      language: data.language,
      translation_language: data.translation_language ?? null,
      chat_transcript: packed(data.chat_transcript),
      translated_chat_transcript: packed(data.translated_chat_transcript),
      ...analysis,
      message_count: data.messages.length,
      failed_message_count: counts.failedMessageCount,
      manual_message_count: counts.manualMessageCount,
      received_at: receivedAt,
      changed_at: receivedAt,
      source,
      revision_source: `${at}|${lifecycle}|${eventId}`,
      lifecycle,
    },
    messages: data.messages.map((message) => messageRow(message, { owner, source, receivedAt })),
    parties: partiesOf(data.messages).map((party) => ({ session_id: data.id, party })),
    analysis:
      kind === "analyzed"
        ? {
            session_id: data.id,
            content_sha256: sha256(JSON.stringify(analysis)),
            organization_id: owner,
            revision_id: revisionId,
            ...analysis,
            event_id: eventId,
            event_created_at: at,
            event_created_at_decimals: decimals(envelope.created_at),
            received_at: receivedAt,
            source,
          }
        : undefined,
    answers:
      answers === null
        ? undefined
        : Object.entries(answers).map(([name, value], position) => ({
            session_id: data.id,
            position,
            organization_id: owner,
            name,
            question_type: questions.get(name) ?? null,
            value_type: value === null ? "null" : typeof value,
            string_value: typeof value === "string" ? value : null,
            string_prefix: typeof value === "string" ? value.slice(0, 191) : null,
            number_value: typeof value === "number" ? value : null,
            boolean_value: typeof value === "boolean" ? Number(value) : null,
          })),
    terms: [
      {
        session_id: data.id,
        terms: searchTerms([
          ...[data.chat_transcript, data.translated_chat_transcript ?? null, data.chat_summary],
          ...data.messages.flatMap(({ body, translated_body }) => [body, translated_body]),
        ]),
      },
    ].filter(({ terms }) => terms !== ""),
    feed: {
      event_id: eventId,
      organization_id: owner,
      session_id: data.id,
      kind: kind.toUpperCase(),
      received_at: receivedAt,
    },
  };
}

function messageRow(
  message: SimulatedMessage,
  {
    owner,
    source,
    receivedAt,
  }: { readonly owner: string; readonly source: string; readonly receivedAt: string },
): Row {
  return {
    received_at: receivedAt,
    changed_at: receivedAt,
    id: message.id,
    organization_id: owner,
    conversation_id: message.conversation_id,
    created_at: datetime(message.created_at),
    created_at_decimals: decimals(message.created_at),
    direction: message.direction,
    type: message.type,
    mode: message.mode,
    delivery_status: message.delivery_status,
    from_address: message.from,
    to_address: message.to,
    language: message.language,
    translation_language: message.translation_language,
    contact_id: message.contact_id,
    channel_id: message.channel_id,
    campaign_id: message.campaign_id,
    campaign_contact_id: message.campaign_contact_id,
    sequence_id: message.sequence_id,
    step_id: message.step_id,
    step_contact_id: message.step_contact_id,
    user_id: message.user_id,
    source: `${datetime(message.updated_at)}|${source}`,
    body: message.body,
    translated_body: message.translated_body,
    attachments: JSON.stringify(message.attachments),
    metadata: JSON.stringify(message.metadata),
    updated_at_decimals: decimals(message.updated_at),
    updated_at: datetime(message.updated_at),
  };
}

/** Whom the messages came from and went to, and whose contact they are. */
function partiesOf(messages: readonly SimulatedMessage[]): string[] {
  return [...new Set(messages.flatMap(({ from, to, contact_id }) => [from, to, contact_id]))].sort();
}

const packed = (text: string | null | undefined) =>
  text === null || text === undefined ? null : packAtOnce(Buffer.from(text));

/** Whippy's instants end in Z. */
function datetime(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, -1)}`;
}

function decimals(instant: string | null | undefined): number | null {
  return instant === null || instant === undefined
    ? null
    : Math.max(0, instant.length - "2025-08-19T06:40:45.Z".length);
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** As UUIDv7 does: the clock first, so that rows cluster by time. */
function orderedId(): string {
  const clock = Date.now().toString(16).padStart(12, "0");
  return `${clock.slice(0, 8)}-${clock.slice(8)}-7${randomUUID().slice(15)}`;
}
