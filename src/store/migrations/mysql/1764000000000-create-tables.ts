import type { MigrationInterface, QueryRunner } from "typeorm";

export class CreateTables1764000000000 implements MigrationInterface {
  readonly name = "CreateTables1764000000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}

const tables = [
  "service_settings",
  "feed_head",
  "session_feed",
  "analysis_answers",
  "analyses",
  "session_messages",
  "messages",
  "sessions",
  "agent_version_revisions",
  "agent_versions",
  "webhook_events",
];

const statements = [
  `CREATE TABLE IF NOT EXISTS webhook_events (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    request_id varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_type varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    api_version varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    event_created_at datetime(6) NULL,
    event_created_at_decimals int NULL,
    received_at datetime(6) NOT NULL,
    status varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    error longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    body_sha256 char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    signature_scheme varchar(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    signature_key_index int NULL,
    body longblob NOT NULL,
    UNIQUE INDEX ux_webhook_events_body_sha256 (body_sha256),
    INDEX ix_webhook_events_status (status, id),
    INDEX ix_webhook_events_session (session_id, id),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS agent_versions (
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at datetime(6) NOT NULL,
    INDEX ix_agent_versions_id (id),
    PRIMARY KEY (organization_id, id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS agent_version_revisions (
    id char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    agent_version_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    agent_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    description longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    llm_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_by_id int NULL,
    language varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    voice_id varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    provider_settings longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    created_at datetime(6) NOT NULL,
    INDEX ix_agent_version_revisions_version (agent_version_id, organization_id),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS sessions (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    conversation_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    agent_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    agent_version_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    revision_id char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    lifecycle int NOT NULL,
    kinds_seen int NOT NULL,
    started_at datetime(6) NULL,
    started_at_decimals int NULL,
    ended_at datetime(6) NULL,
    ended_at_decimals int NULL,
    analyzed_at datetime(6) NULL,
    ended_reason varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    chat_completion_rating varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    user_sentiment varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    language varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    translation_language varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    message_count int NOT NULL,
    created_at datetime(6) NOT NULL,
    updated_at datetime(6) NOT NULL,
    source varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    revision_source varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    older longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    chat_summary longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    chat_transcript longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    translated_chat_transcript longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    custom_analysis_data longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    INDEX ix_sessions_started (started_at, id),
    INDEX ix_sessions_organization_started (organization_id, started_at, id),
    INDEX ix_sessions_agent_started (agent_id, started_at, id),
    INDEX ix_sessions_version_revision (organization_id, agent_version_id, revision_source),
    INDEX ix_sessions_conversation (conversation_id),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS messages (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    conversation_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at datetime(6) NULL,
    created_at_decimals int NULL,
    updated_at datetime(6) NULL,
    updated_at_decimals int NULL,
    direction varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    type varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    mode varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    delivery_status varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    from_address varchar(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    to_address varchar(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    language varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    translation_language varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    contact_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    channel_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    campaign_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    campaign_contact_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    sequence_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    step_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    step_contact_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    user_id int NULL,
    source varchar(140) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    older longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    body longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    translated_body longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    attachments longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    metadata longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    INDEX ix_messages_created (created_at, id),
    INDEX ix_messages_organization_created (organization_id, created_at, id),
    INDEX ix_messages_conversation (conversation_id),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS session_messages (
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    message_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    position int NOT NULL,
    INDEX ix_session_messages_message (message_id),
    PRIMARY KEY (session_id, message_id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS analyses (
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    content_sha256 char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    revision_id char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    chat_completion_rating varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    chat_summary longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    user_sentiment varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    custom_analysis_data longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    event_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_created_at datetime(6) NULL,
    event_created_at_decimals int NULL,
    received_at datetime(6) NOT NULL,
    source varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (session_id, content_sha256)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS analysis_answers (
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    position int NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    question_type varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    value_type varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    string_value longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    string_prefix varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    number_value double NULL,
    boolean_value int NULL,
    INDEX ix_analysis_answers_string (name, string_prefix, session_id),
    INDEX ix_analysis_answers_number (name, number_value, session_id),
    INDEX ix_analysis_answers_boolean (name, boolean_value, session_id),
    PRIMARY KEY (session_id, position)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS session_feed (
    event_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    position bigint NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    received_at datetime(6) NOT NULL,
    UNIQUE INDEX ux_session_feed_position (position),
    PRIMARY KEY (event_id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS feed_head (
    id int NOT NULL,
    last_position bigint NOT NULL,
    expired_position bigint NOT NULL,
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS service_settings (
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    value longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (name)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  "INSERT IGNORE INTO feed_head (id, last_position, expired_position) VALUES (1, 0, 0)",
];
