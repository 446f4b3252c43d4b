import type { Pool, RowDataPacket } from "mysql2/promise";

/** A session as its table has it; instants are texts, `YYYY-MM-DD hh:mm:ss.sss` in UTC. */
export interface SessionRow extends RowDataPacket {
  readonly id: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly analyzedAt: string | null;
  readonly receivedAt: string;
  readonly changedAt: string;
  readonly customAnalysisData: string | null;
  readonly agentVersionId: string;
  readonly phase: number;
}

export interface VersionRow extends RowDataPacket {
  readonly id: string;
}

export interface MessageRow extends RowDataPacket {
  readonly sessionId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Which sessions of the list are meant. */
export interface PageOrder {
  readonly first: number;
  readonly after?: string | null;
  readonly agentId?: string | null;
  readonly sentiment?: string | null;
}

const selectSessions = `SELECT id, conversation_id AS conversationId, organization_id AS organizationId, phase,
  started_at AS startedAt, ended_at AS endedAt, analyzed_at AS analyzedAt, ended_reason AS endedReason,
  chat_completion_rating AS chatCompletionRating, chat_summary AS chatSummary, user_sentiment AS userSentiment, language,
  custom_analysis_data AS customAnalysisData, message_count AS messageCount, received_at AS receivedAt,
  changed_at AS changedAt, agent_version_id AS agentVersionId FROM sessions`;

/** The newest sessions first, one more than asked for where there are more. */
export async function readPage(pool: Pool, order: PageOrder): Promise<SessionRow[]> {
  const conditions: string[] = [];
  const parameters: string[] = [];
  const where = (condition: string, ...values: string[]) => {
    conditions.push(condition);
    parameters.push(...values);
  };
  if (order.agentId) where("agent_id = ?", order.agentId);
  if (order.sentiment) where("user_sentiment = ?", order.sentiment);
  if (order.after) {
    const [startedAt = "", id = ""] = Buffer.from(order.after, "base64url").toString().split("|");
    where("started_at <= ? AND (started_at < ? OR id < ?)", startedAt, startedAt, id);
  }
  const filter = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
  const [rows] = await pool.execute<SessionRow[]>(
    `${selectSessions} ${filter} ORDER BY started_at DESC, id DESC LIMIT ?`,
    [...parameters, String(order.first + 1)],
  );
  return rows;
}

export async function readSession(pool: Pool, id: string): Promise<SessionRow | undefined> {
  const [rows] = await pool.execute<SessionRow[]>(`${selectSessions} WHERE id = ?`, [id]);
  return rows[0];
}

/** The next page starts after this session. */
export function cursorOf({ startedAt, id }: SessionRow): string {
  return Buffer.from(`${startedAt}|${id}`).toString("base64url");
}

export async function readVersions(pool: Pool, ids: readonly string[]): Promise<VersionRow[]> {
  const [rows] = await pool.query<VersionRow[]>(
    `SELECT id, agent_id AS agentId, organization_id AS organizationId, name, description, llm_id AS llmId,
       created_by_id AS createdById, language FROM agent_versions WHERE id IN (?)`,
    [ids],
  );
  return rows;
}

/** The messages of these sessions, each session's in their order. */
export async function readMessages(pool: Pool, sessionIds: readonly string[]): Promise<MessageRow[]> {
  const [rows] = await pool.query<MessageRow[]>(
    `SELECT session_id AS sessionId, id, body, direction, type, mode, delivery_status AS deliveryStatus,
       from_address AS \`from\`, to_address AS \`to\`, created_at AS createdAt, updated_at AS updatedAt
     FROM messages WHERE session_id IN (?) ORDER BY session_id, created_at, messages.id`,
    [sessionIds],
  );
  return rows;
}
