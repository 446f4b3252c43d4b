import type { AgentVersionField } from "../store/readers/agent-version.reader.js";
import type { MessageField } from "../store/readers/message.reader.js";
import type { SessionField } from "../store/readers/session-record.js";
import type { AnalysisField } from "../store/readers/analysis.reader.js";
import type { Slice } from "../store/readers/page.js";
import type { WebhookEventField } from "../store/readers/webhook-event.reader.js";
import { type Info, selectedFields } from "./selection.js";

/**
 * Which of a record's fields an operation needs. A GraphQL field that is computed names what it is computed from; so nothing is read
 * that was not selected (transcripts and settings least of all).
 */
type Needs<Field> = Readonly<Record<string, readonly Field[]>>;

const sessionNeeds: Needs<SessionField> = {
  id: ["id"],
  conversationId: ["conversationId"],
  organizationId: ["organizationId"],
  status: ["status"],
  startedAt: ["startedAt"],
  endedAt: ["endedAt"],
  analyzedAt: ["analyzedAt"],
  endedReason: ["endedReason"],
  chatCompletionRating: ["chatCompletionRating"],
  chatSummary: ["chatSummary"],
  userSentiment: ["userSentiment"],
  language: ["language"],
  translationLanguage: ["translationLanguage"],
  chatTranscript: ["chatTranscript"],
  translatedChatTranscript: ["translatedChatTranscript"],
  customAnalysisData: ["customAnalysisData"],
  analysis: ["customAnalysisData", "revisionId"],
  agentVersion: ["revisionId"],
  messages: ["messageCount"],
  messageCount: ["messageCount"],
  failedMessageCount: ["failedMessageCount"],
  createdAt: ["createdAt"],
  updatedAt: ["updatedAt"],
};

const messageFields: readonly MessageField[] = [
  "id",
  "organizationId",
  "conversationId",
  "body",
  "translatedBody",
  "direction",
  "type",
  "mode",
  "deliveryStatus",
  "from",
  "to",
  "language",
  "translationLanguage",
  "createdAt",
  "updatedAt",
  "contactId",
  "channelId",
  "campaignId",
  "campaignContactId",
  "sequenceId",
  "stepId",
  "stepContactId",
  "userId",
  "attachments",
  "metadata",
];
const messageNeeds: Needs<MessageField> = Object.fromEntries(messageFields.map((field) => [field, [field]]));

const agentVersionNeeds: Needs<AgentVersionField> = {
  id: ["id"],
  revisionId: ["revisionId"],
  agentId: ["agentId"],
  organizationId: ["organizationId"],
  name: ["name"],
  description: ["description"],
  llmId: ["llmId"],
  createdById: ["createdById"],
  language: ["language"],
  voiceId: ["voiceId"],
  providerSettings: ["providerSettings"],
  questions: ["providerSettings"],
  receivedAt: ["receivedAt"],
};

const webhookEventNeeds: Needs<WebhookEventField> = {
  id: ["id"],
  requestId: ["requestId"],
  eventType: ["eventType"],
  apiVersion: ["apiVersion"],
  status: ["status"],
  error: ["error"],
  notes: ["notes"],
  receivedAt: ["receivedAt"],
  createdAt: ["createdAt"],
  organizationId: ["organizationId"],
  sessionId: ["sessionId"],
  signatureScheme: ["signatureScheme"],
  signatureKeyIndex: ["signatureKeyIndex"],
  sizeBytes: ["sizeBytes"],
  bodySha256: ["bodySha256"],
  body: ["body"],
};

const analysisNeeds: Needs<AnalysisField> = {
  id: ["id"],
  revisionId: ["revisionId"],
  chatCompletionRating: ["chatCompletionRating"],
  chatSummary: ["chatSummary"],
  userSentiment: ["userSentiment"],
  customAnalysisData: ["customAnalysisData"],
  createdAt: ["createdAt"],
  receivedAt: ["receivedAt"],
};

function needed<Field>(needs: Needs<Field>, selected: ReadonlySet<string>): Field[] {
  return Array.from(selected).flatMap((name) => needs[name] ?? []);
}

/** The levels under which a connection's items are selected. */
export const itemPaths = ["nodes", "edges.node"] as const;

const noItems = { rows: [], hasNextPage: false, hasPreviousPage: false } as const;

/** Reads a page only where something of it is selected: whoever counts alone needs none. */
export async function sliceOf<Row>(info: Info, read: () => Promise<Slice<Row>>): Promise<Slice<Row>> {
  return selectsItems(info) ? await read() : noItems;
}

/** The same for pages of many parents. */
export async function sliceOfEach<Row>(
  info: Info,
  read: () => Promise<ReadonlyMap<string, Slice<Row>>>,
): Promise<ReadonlyMap<string, Slice<Row>>> {
  return selectsItems(info) ? await read() : new Map<string, Slice<Row>>();
}

function selectsItems(info: Info): boolean {
  const selected = selectedFields(info);
  return ["nodes", "edges", "pageInfo"].some((name) => selected.has(name));
}

export function sessionFields(info: Info, ...paths: readonly string[]): SessionField[] {
  return needed(sessionNeeds, selectedFields(info, ...paths));
}

export function messageFieldsOf(info: Info, ...paths: readonly string[]): MessageField[] {
  return needed(messageNeeds, selectedFields(info, ...paths));
}

export function agentVersionFields(info: Info, ...paths: readonly string[]): AgentVersionField[] {
  return needed(agentVersionNeeds, selectedFields(info, ...paths));
}

export function analysisFields(info: Info): AnalysisField[] {
  return needed(analysisNeeds, selectedFields(info));
}

export function webhookEventFields(info: Info, ...paths: readonly string[]): WebhookEventField[] {
  return needed(webhookEventNeeds, selectedFields(info, ...paths));
}
