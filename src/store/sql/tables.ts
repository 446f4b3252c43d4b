import { AlertMessage, AlertRule } from "../../model/alert.js";
import { AgentVersionRevision, KnownAgentVersion } from "../../model/agent-version.js";
import { Analysis, type AnalysisRow, StoredAnswer } from "../../model/analysis.js";
import {
  ApiKey,
  AuditLogEntry,
  Erasure,
  FeedHead,
  ServiceSetting,
  SessionFeedEntry,
  SessionMessage,
  SessionParty,
  SessionTerms,
} from "../../model/bookkeeping.js";
import { DeliveryHour, Expectation } from "../../model/expectation.js";
import { Message, type MessageRow } from "../../model/message.js";
import { Session, type SessionRow } from "../../model/session.js";
import { WebhookEvent, type WebhookEventRow } from "../../model/webhook-event.js";
import { tableOf } from "./table.js";

export const webhookEvents = tableOf<WebhookEvent, WebhookEventRow>(WebhookEvent);
export const agentVersions = tableOf(KnownAgentVersion);
export const agentVersionRevisions = tableOf(AgentVersionRevision);
export const sessions = tableOf<Session, SessionRow>(Session);
export const messages = tableOf<Message, MessageRow>(Message);
export const sessionMessages = tableOf(SessionMessage);
export const sessionParties = tableOf(SessionParty);
export const analyses = tableOf<Analysis, AnalysisRow>(Analysis);
export const analysisAnswers = tableOf(StoredAnswer);
export const sessionTerms = tableOf(SessionTerms);
export const sessionFeed = tableOf(SessionFeedEntry);
export const feedHead = tableOf(FeedHead);
export const serviceSettings = tableOf(ServiceSetting);
export const apiKeys = tableOf(ApiKey);
export const auditLog = tableOf(AuditLogEntry);
export const erasures = tableOf(Erasure);
export const expectations = tableOf(Expectation);
export const deliveryHours = tableOf(DeliveryHour);
export const alertRules = tableOf(AlertRule);
export const alertMessages = tableOf(AlertMessage);

/** What is made of the raw events, and can be made of them again. */
export const projectedTables = [
  agentVersions,
  agentVersionRevisions,
  sessions,
  messages,
  sessionMessages,
  sessionParties,
  analyses,
  analysisAnswers,
  sessionTerms,
  sessionFeed,
] as const;

/** Every table; the migrations must create exactly these (`npm run migrate:check`). */
export const tables = [
  webhookEvents,
  ...projectedTables,
  feedHead,
  serviceSettings,
  apiKeys,
  auditLog,
  erasures,
  expectations,
  deliveryHours,
  alertRules,
  alertMessages,
] as const;
