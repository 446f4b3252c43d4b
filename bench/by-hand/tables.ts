import type { Pool } from "mysql2/promise";

/**
 * The tables that the measured requests need, with their indexes: no raw bytes, no history, no search words.
 */
const tables = [
  `CREATE TABLE agent_versions (
    id CHAR(36) CHARACTER SET ascii PRIMARY KEY,
    agent_id CHAR(36) CHARACTER SET ascii NOT NULL,
    organization_id CHAR(36) CHARACTER SET ascii NOT NULL,
    name VARCHAR(255),
    description TEXT,
    llm_id CHAR(36) CHARACTER SET ascii,
    created_by_id INT,
    language VARCHAR(16),
    provider_settings LONGTEXT
  )`,
  `CREATE TABLE sessions (
    id CHAR(36) CHARACTER SET ascii PRIMARY KEY,
    conversation_id CHAR(36) CHARACTER SET ascii NOT NULL,
    organization_id CHAR(36) CHARACTER SET ascii NOT NULL,
    agent_version_id CHAR(36) CHARACTER SET ascii NOT NULL,
    agent_id CHAR(36) CHARACTER SET ascii NOT NULL,
    started_at DATETIME(3) NOT NULL,
    ended_at DATETIME(3),
    analyzed_at DATETIME(3),
    ended_reason VARCHAR(64),
    chat_completion_rating VARCHAR(64),
    chat_summary TEXT,
    user_sentiment VARCHAR(32),
    custom_analysis_data LONGTEXT,
    chat_transcript LONGTEXT,
    translated_chat_transcript LONGTEXT,
    language VARCHAR(16),
    translation_language VARCHAR(16),
    message_count INT NOT NULL,
    received_at DATETIME(3) NOT NULL,
    changed_at DATETIME(3) NOT NULL,
    phase TINYINT NOT NULL,
    KEY newest (started_at, id),
    KEY of_agent (agent_id, user_sentiment, started_at, id)
  )`,
  // The key holds a session's messages side by side, in their order.
  `CREATE TABLE messages (
    session_id CHAR(36) CHARACTER SET ascii NOT NULL,
    created_at DATETIME(3) NOT NULL,
    id CHAR(36) CHARACTER SET ascii NOT NULL,
    updated_at DATETIME(3) NOT NULL,
    body TEXT,
    translated_body TEXT,
    direction VARCHAR(16),
    type VARCHAR(16),
    mode VARCHAR(16),
    delivery_status VARCHAR(32),
    from_address VARCHAR(255),
    to_address VARCHAR(255),
    channel_id CHAR(36) CHARACTER SET ascii,
    contact_id CHAR(36) CHARACTER SET ascii,
    user_id INT,
    language VARCHAR(16),
    attachments LONGTEXT,
    metadata LONGTEXT,
    PRIMARY KEY (session_id, created_at, id)
  )`,
  // A repeated request id is a duplicate.
  `CREATE TABLE webhook_events (
    request_id CHAR(36) CHARACTER SET ascii PRIMARY KEY,
    event VARCHAR(64) NOT NULL,
    session_id CHAR(36) CHARACTER SET ascii NOT NULL,
    received_at DATETIME(3) NOT NULL
  )`,
];

/** Creates the tables in an empty database. */
export async function createTables(pool: Pool): Promise<void> {
  for (const table of tables) await pool.query(table);
}
