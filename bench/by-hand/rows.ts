import type {
  SimulatedAgentVersion,
  SimulatedEnvelope,
  SimulatedMessage,
  SimulatedSessionData,
} from "../../tools/simulate/payload.js";

export type Value = string | number | null;

/** Each column of a table, and its value of what a delivery holds. */
type Columns<Source> = Readonly<Record<string, (source: Source) => Value>>;

/** One delivery, with when it came. */
export interface Received {
  readonly envelope: SimulatedEnvelope;
  readonly data: SimulatedSessionData;
  readonly receivedAt: string;
}

export const versionColumns: Columns<SimulatedAgentVersion> = {
  id: ({ id }) => id,
  agent_id: ({ agent_id }) => agent_id,
  organization_id: ({ organization_id }) => organization_id,
  name: ({ name }) => name,
  description: ({ description }) => description,
  llm_id: ({ llm_id }) => llm_id,
  created_by_id: ({ created_by_id }) => created_by_id,
  language: ({ provider_settings }) => provider_settings.language,
  provider_settings: ({ provider_settings }) => JSON.stringify(provider_settings),
};

/** The phase is the last one: the others are merged by what it was before. */
export const sessionColumns: Columns<Received> = {
  id: ({ data }) => data.id,
  conversation_id: ({ data }) => data.conversation_id,
  organization_id: ({ data }) => data.agent_version.organization_id,
  agent_version_id: ({ data }) => data.agent_version.id,
  agent_id: ({ data }) => data.agent_version.agent_id,
  started_at: ({ data }) => datetime(data.started_at),
  ended_at: ({ data }) => data.ended_at && datetime(data.ended_at),
  analyzed_at: ({ envelope, receivedAt }) => (phaseOf(envelope) === phases.analyzed ? receivedAt : null),
  ended_reason: ({ data }) => data.ended_reason,
  chat_completion_rating: ({ data }) => data.chat_completion_rating,
  chat_summary: ({ data }) => data.chat_summary,
  user_sentiment: ({ data }) => data.user_sentiment,
  custom_analysis_data: ({ data }) =>
    data.custom_analysis_data ? JSON.stringify(data.custom_analysis_data) : null,
  chat_transcript: ({ data }) => data.chat_transcript,
  translated_chat_transcript: ({ data }) => data.translated_chat_transcript ?? null,
  language: ({ data }) => data.language,
  translation_language: ({ data }) => data.translation_language ?? null,
  message_count: ({ data }) => data.messages.length,
  received_at: ({ receivedAt }) => receivedAt,
  changed_at: ({ receivedAt }) => receivedAt,
  phase: ({ envelope }) => phaseOf(envelope),
};

export const messageColumns: Columns<{ readonly sessionId: string; readonly message: SimulatedMessage }> = {
  session_id: ({ sessionId }) => sessionId,
  created_at: ({ message }) => datetime(message.created_at),
  id: ({ message }) => message.id,
  updated_at: ({ message }) => datetime(message.updated_at),
  body: ({ message }) => message.body,
  translated_body: ({ message }) => message.translated_body,
  direction: ({ message }) => message.direction,
  type: ({ message }) => message.type,
  mode: ({ message }) => message.mode,
  delivery_status: ({ message }) => message.delivery_status,
  from_address: ({ message }) => message.from,
  to_address: ({ message }) => message.to,
  channel_id: ({ message }) => message.channel_id,
  contact_id: ({ message }) => message.contact_id,
  user_id: ({ message }) => message.user_id,
  language: ({ message }) => message.language,
  attachments: ({ message }) => JSON.stringify(message.attachments),
  metadata: ({ message }) => JSON.stringify(message.metadata),
};

export const eventColumns: Columns<Received> = {
  request_id: ({ envelope }) => envelope.request_id,
  event: ({ envelope }) => envelope.event,
  session_id: ({ data }) => data.id,
  received_at: ({ receivedAt }) => receivedAt,
};

/** The values of one row, in the order of its columns. */
export function rowOf<Source>(columns: Columns<Source>, source: Source): Value[] {
  return Object.values(columns).map((valueOf) => valueOf(source));
}

const phases = { started: 1, ended: 2, analyzed: 3 } as const;

function phaseOf({ event }: SimulatedEnvelope): number {
  return phases[event.slice(event.lastIndexOf(".") + 1) as keyof typeof phases];
}

/** Milliseconds are kept: whatever is finer is cut off. Whippy's instants end in Z. */
export function datetime(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, -1).slice(0, 12)}`;
}
