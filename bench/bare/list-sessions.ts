import { createHmac } from "node:crypto";
import type { Pool, RowDataPacket } from "mysql2/promise";
import { listedMessages } from "../../src/store/sql/listing.js";

interface SessionRow extends RowDataPacket {
  id: string;
  conversation_id: string;
  organization_id: string;
  lifecycle: number;
  started_at: string | null;
  started_at_decimals: number;
  ended_at: string | null;
  ended_at_decimals: number;
  analyzed_at: string | null;
  ended_reason: string | null;
  chat_completion_rating: string | null;
  chat_summary: string | null;
  user_sentiment: string | null;
  language: string | null;
  custom_analysis_data: string | null;
  message_count: number;
  received_at: string;
  changed_at: string;
  revision_id: string;
}

interface MessageRow extends RowDataPacket {
  session_id: string;
  id: string;
  body: string | null;
  direction: string | null;
  type: string | null;
  mode: string | null;
  delivery_status: string | null;
  from_address: string | null;
  to_address: string | null;
  created_at: string | null;
  created_at_decimals: number;
  updated_at: string | null;
  updated_at_decimals: number;
}

interface RevisionRow extends RowDataPacket {
  id: string;
  agent_version_id: string;
  agent_id: string;
  organization_id: string;
  name: string | null;
  description: string | null;
  llm_id: string | null;
  created_by_id: number | null;
  language: string | null;
}

const statuses = ["STARTED", "ENDED", "ANALYZED"];

/**
 * The newest sessions with their messages and agent versions, as the JSON that the service answers the
 * benchmark's query with.
 */
export async function listSessions(pool: Pool, first: number, cursorKey: string): Promise<string> {
  const [found] = await pool.query<SessionRow[]>(
    `SELECT id, conversation_id, organization_id, lifecycle, started_at, started_at_decimals, ended_at, ended_at_decimals,
       analyzed_at, ended_reason, chat_completion_rating, chat_summary, user_sentiment, language, custom_analysis_data,
       message_count, received_at, changed_at, revision_id
     FROM sessions ORDER BY started_at DESC, id DESC LIMIT ?`,
    [first + 1],
  );
  const sessions = found.slice(0, first);
  const [[messages], [revisions]] = await Promise.all([
    pool.query<MessageRow[]>(
      `SELECT s.id AS session_id, m.id, m.body, m.direction, m.type, m.mode, m.delivery_status, m.from_address, m.to_address,
         m.created_at, m.created_at_decimals, m.updated_at, m.updated_at_decimals
       FROM ${listedMessages} WHERE s.id IN (?) ORDER BY m.created_at, m.id`,
      [sessions.map(({ id }) => id)],
    ),
    pool.query<RevisionRow[]>(
      `SELECT id, agent_version_id, agent_id, organization_id, name, description, llm_id, created_by_id, language
       FROM agent_version_revisions WHERE id IN (?)`,
      [[...new Set(sessions.map(({ revision_id }) => revision_id))]],
    ),
  ]);
  const messagesOf = new Map<string, object[]>(sessions.map(({ id }) => [id, []]));
  for (const message of messages) messagesOf.get(message.session_id)?.push(toMessage(message));
  const versions = new Map(revisions.map((revision) => [revision.id, toVersion(revision)]));
  const nodes = sessions.map((session) => ({
    ...toSession(session),
    agentVersion: versions.get(session.revision_id),
    messages: { nodes: messagesOf.get(session.id) },
  }));
  const last = sessions.at(-1);
  const endCursor = last === undefined ? null : signCursor([last.started_at, last.id], cursorKey);
  const pageInfo = { hasNextPage: found.length > first, endCursor };
  return JSON.stringify({ data: { sessions: { nodes, pageInfo } } });
}

function toSession(row: SessionRow) {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    organizationId: row.organization_id,
    status: statuses[row.lifecycle - 1],
    startedAt: instant(row.started_at, row.started_at_decimals),
    endedAt: instant(row.ended_at, row.ended_at_decimals),
    analyzedAt: instant(row.analyzed_at, 3),
    endedReason: row.ended_reason,
    chatCompletionRating: row.chat_completion_rating,
    chatSummary: row.chat_summary,
    userSentiment: row.user_sentiment,
    language: row.language,
    customAnalysisData:
      row.custom_analysis_data === null ? null : (JSON.parse(row.custom_analysis_data) as object),
    messageCount: row.message_count,
    receivedAt: instant(row.received_at, 3),
    changedAt: instant(row.changed_at, 3),
  };
}

function toMessage(row: MessageRow) {
  return {
    id: row.id,
    body: row.body,
    direction: row.direction,
    type: row.type,
    mode: row.mode,
    deliveryStatus: row.delivery_status,
    from: row.from_address,
    to: row.to_address,
    createdAt: instant(row.created_at, row.created_at_decimals),
    updatedAt: instant(row.updated_at, row.updated_at_decimals),
  };
}

function toVersion(row: RevisionRow) {
  return {
    id: row.agent_version_id,
    agentId: row.agent_id,
    organizationId: row.organization_id,
    name: row.name,
    description: row.description,
    llmId: row.llm_id,
    createdById: row.created_by_id === null ? null : String(row.created_by_id),
    language: row.language,
  };
}

function instant(datetime: string | null, decimals: number): string | null {
  if (datetime === null) return null;
  return `${datetime.slice(0, 10)}T${datetime.slice(11, decimals === 0 ? 19 : 20 + decimals)}Z`;
}

/** The service's cursors are signed; the same bytes are asked of both. */
function signCursor(position: readonly (string | null)[], key: string): string {
  const payload = Buffer.from(JSON.stringify(position));
  const signature = createHmac("sha256", key)
    .update("sessions startedAt true,id true\0")
    .update(payload)
    .digest();
  return Buffer.concat([signature.subarray(0, 12), payload]).toString("base64url");
}
