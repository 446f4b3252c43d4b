import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { newClusterKey } from "../../src/store/writers/cluster-key.js";
import { type Row, toRows } from "./rows.js";

const knownRevisions = new Set<string>();

const clusterKeys = new Map<string, number>();

/** The same for each event that tells of a session or message. */
function clusterKeyOf(id: string): number {
  const key = clusterKeys.get(id) ?? newClusterKey();
  clusterKeys.set(id, key);
  return key;
}

/**
 * Stores one delivery in one transaction, as one would write it by hand for these three events: upserts whose
 * assignments let a newer state stand, whatever the order of arrival.
 */
export async function storeEvent(pool: Pool, body: Buffer): Promise<string> {
  const rows = toRows(body);
  const connection = await pool.getConnection();
  try {
    await connection.query("START TRANSACTION");
    await insert(connection, "webhook_events", [rows.event]);
    const key = clusterKeyOf(String(rows.session.id));
    await insert(connection, "sessions", [{ ...rows.session, cluster_key: key }], sessionUpdate);
    const revision = String(rows.revision.id);
    if (!knownRevisions.has(revision)) {
      await insert(connection, "agent_versions", [rows.version], "id = id");
      await insert(connection, "agent_version_revisions", [rows.revision], "id = id");
    }
    const messages = rows.messages.map((row) => ({ ...row, cluster_key: clusterKeyOf(String(row.id)) }));
    await insert(connection, "messages", messages, messageUpdate);
    const joins = messages.map(({ cluster_key: message_key }, position) => ({
      session_key: key,
      message_key,
      position,
    }));
    await insert(connection, "session_messages", joins, "position = LEAST(position, VALUES(position))");
    await insert(connection, "session_parties", rows.parties, "party = VALUES(party)");
    // The same analysis again is no news.
    const isNews =
      rows.analysis === undefined ||
      (await insert(connection, "analyses", [rows.analysis], "source = GREATEST(source, VALUES(source))")) ===
        1;
    if (rows.answers !== undefined) {
      await connection.query("DELETE FROM analysis_answers WHERE session_id = ?", [rows.session.id]);
      await insert(connection, "analysis_answers", rows.answers);
    }
    await insert(connection, "session_terms", rows.terms, "terms = VALUES(terms)");
    if (isNews) await insert(connection, "session_feed", [rows.feed]);
    await connection.query("COMMIT");
    knownRevisions.add(revision);
    return String(rows.event.id);
  } catch (error) {
    await connection.query("ROLLBACK");
    throw error;
  } finally {
    connection.release();
  }
}

/**
 * A later stage of the session's life overwrites an earlier one; nulls overwrite nothing. `lifecycle` last:
 * it decides the others.
 */
const sessionUpdate = [
  ...[
    ...[
      "agent_version_id",
      "revision_id",
      "started_at",
      "started_at_decimals",
      "ended_at",
      "ended_at_decimals",
    ],
    ...["analyzed_at", "ended_reason", "chat_completion_rating", "user_sentiment", "language"],
    ...["translation_language", "chat_summary", "chat_transcript", "translated_chat_transcript"],
    ...["custom_analysis_data", "source", "revision_source", "changed_at"],
  ].map(
    (name) =>
      `${name} = IF(VALUES(lifecycle) >= lifecycle, COALESCE(VALUES(${name}), ${name}), COALESCE(${name}, VALUES(${name})))`,
  ),
  "message_count = GREATEST(message_count, VALUES(message_count))",
  ...["failed_message_count", "manual_message_count"].map(
    (name) => `${name} = IF(VALUES(lifecycle) >= lifecycle, VALUES(${name}), ${name})`,
  ),
  "kinds_seen = kinds_seen | VALUES(kinds_seen)",
  "lifecycle = GREATEST(lifecycle, VALUES(lifecycle))",
].join(", ");

/**
 * A message is overwritten by a version of it that is not older. `updated_at` last: it decides the others.
 */
const messageUpdate = [
  ...["body", "translated_body", "delivery_status", "language", "translation_language", "attachments"],
  ...["metadata", "source", "changed_at", "updated_at_decimals", "updated_at"],
]
  .map((name) => `${name} = IF(VALUES(updated_at) >= updated_at, VALUES(${name}), ${name})`)
  .join(", ");

/** @returns how many rows were affected: 1 for a new one, 2 for one that was overwritten */
async function insert(
  connection: PoolConnection,
  table: string,
  rows: readonly Row[],
  onDuplicate = "",
): Promise<number> {
  const [first] = rows;
  if (first === undefined) return 0;
  const update = onDuplicate === "" ? "" : `ON DUPLICATE KEY UPDATE ${onDuplicate}`;
  const sql = `INSERT INTO ${table} (${Object.keys(first).join(", ")}) VALUES ? ${update}`;
  const [result] = await connection.query<ResultSetHeader>(sql, [rows.map((row) => Object.values(row))]);
  return result.affectedRows;
}

/**
 * Numbers what is committed, as the service does: one run at a time, and everything stored meanwhile goes
 * into the next.
 * @returns how many were numbered
 */
export async function numberFeed(pool: Pool): Promise<number> {
  const connection = await pool.getConnection();
  try {
    await connection.query("START TRANSACTION");
    const [[head]] = await connection.query<(RowDataPacket & { head: number })[]>(
      "SELECT last_position AS head FROM feed_head WHERE id = 1 FOR UPDATE",
    );
    await connection.query("SET @position = ?", [head?.head ?? 0]);
    const [result] = await connection.query<ResultSetHeader>(
      "UPDATE session_feed SET position = (@position := @position + 1) WHERE position IS NULL ORDER BY event_id LIMIT 500",
    );
    await connection.query("UPDATE feed_head SET last_position = @position WHERE id = 1");
    await connection.query("COMMIT");
    return result.affectedRows;
  } finally {
    connection.release();
  }
}
