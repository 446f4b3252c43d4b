import { agentVersionRevisions } from "./tables/agent-version-revisions.table.js";
import { agentVersions } from "./tables/agent-versions.table.js";
import { analyses } from "./tables/analyses.table.js";
import { analysisAnswers } from "./tables/analysis-answers.table.js";
import { apiKeys } from "./tables/api-keys.table.js";
import { auditLog } from "./tables/audit-log.table.js";
import { erasures } from "./tables/erasures.table.js";
import { messages } from "./tables/messages.table.js";
import { serviceSettings } from "./tables/service-settings.table.js";
import { feedHead, sessionFeed } from "./tables/session-feed.table.js";
import { sessionMessages } from "./tables/session-messages.table.js";
import { sessionTerms } from "./tables/session-terms.table.js";
import { sessions } from "./tables/sessions.table.js";
import { webhookEvents } from "./tables/webhook-events.table.js";

/** What is made of the raw events, and can be made of them again. */
export const projectedTables = [
  agentVersions,
  agentVersionRevisions,
  sessions,
  messages,
  sessionMessages,
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
] as const;
