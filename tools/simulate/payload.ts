/**
 * What the generator produces, written down apart from the schemas that the service validates with: a
 * generator sharing them could never show that they are wrong.
 */
export interface SimulatedEnvelope {
  data: SimulatedSessionData;
  /** Absent in the older documentation, as is `created_at`. */
  api_version?: string | undefined;
  event: SimulatedEventName;
  created_at?: string | undefined;
  request_id: string;
}

type SimulatedEventName =
  | "conversation_agent_session.started"
  | "conversation_agent_session.ended"
  | "conversation_agent_session.analyzed";

export interface SimulatedSessionData {
  agent_version: SimulatedAgentVersion;
  conversation_id: string;
  id: string;
  started_at: string;
  ended_at: string | null;
  ended_reason: string | null;
  chat_completion_rating: string | null;
  chat_summary: string | null;
  user_sentiment: string | null;
  custom_analysis_data?: SimulatedAnswers | null | undefined;
  messages: SimulatedMessage[];
  chat_transcript: string | null;
  translated_chat_transcript?: string | null | undefined;
  language: string | null;
  translation_language?: string | null | undefined;
  /** A field that no documentation knows: some sessions carry it. */
  source?: string | undefined;
}

export type SimulatedAnswers = Record<string, string | number | boolean | null>;

export interface SimulatedAgentVersion {
  agent_id: string;
  created_by_id: number;
  description: string;
  id: string;
  llm_id: string;
  name: string;
  organization_id: string;
  provider_settings: SimulatedProviderSettings;
}

export interface SimulatedProviderSettings {
  [setting: string]: unknown;
  language: string;
  post_call_analysis_data: SimulatedQuestion[];
}

export type SimulatedQuestion =
  | { choices: readonly string[]; description: string; name: string; type: "enum" }
  | { description: string; examples: readonly string[]; name: string; type: "string" }
  | { description: string; name: string; type: "boolean" | "number" };

export type SimulatedAttachment = string | { content_type: string; url: string };

export interface SimulatedMessage {
  attachments: SimulatedAttachment[];
  body: string;
  campaign_contact_id: string | null;
  campaign_id: string | null;
  channel_id: string;
  contact_id: string;
  conversation_id: string;
  created_at: string;
  delivery_status: string;
  direction: "INBOUND" | "OUTBOUND";
  from: string;
  id: string;
  language: string | null;
  metadata: Record<string, string | number>;
  mode: "manual" | "ai";
  sequence_id: string | null;
  step_contact_id: string | null;
  step_id: string | null;
  to: string;
  translated_body: string | null;
  translation_language: string | null;
  type: string;
  updated_at: string;
  user_id: number | null;
}
