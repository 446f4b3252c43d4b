import type { MigrationInterface, QueryRunner } from "typeorm";

export class CreateTables1764000000000 implements MigrationInterface {
  readonly name = "CreateTables1764000000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`DROP TABLE ${table}`);
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
  `CREATE TABLE webhook_events (
    id varchar(36) PRIMARY KEY NOT NULL,
    request_id varchar(200) NOT NULL,
    event_type varchar(100) NOT NULL,
    api_version varchar(50),
    event_created_at varchar(26),
    event_created_at_decimals integer,
    received_at varchar(26) NOT NULL,
    status varchar(16) NOT NULL,
    error text,
    organization_id varchar(36),
    session_id varchar(36),
    body_sha256 varchar(64) NOT NULL,
    signature_scheme varchar(32),
    signature_key_index integer,
    body blob NOT NULL
  )`,
  `CREATE UNIQUE INDEX ux_webhook_events_body_sha256 ON webhook_events (body_sha256)`,
  `CREATE INDEX ix_webhook_events_status ON webhook_events (status, id)`,
  `CREATE INDEX ix_webhook_events_session ON webhook_events (session_id, id)`,
  `CREATE TABLE agent_versions (
    organization_id varchar(36) NOT NULL,
    id varchar(36) NOT NULL,
    created_at varchar(26) NOT NULL,
    PRIMARY KEY (organization_id, id)
  )`,
  `CREATE INDEX ix_agent_versions_id ON agent_versions (id)`,
  `CREATE TABLE agent_version_revisions (
    id varchar(64) PRIMARY KEY NOT NULL,
    agent_version_id varchar(36) NOT NULL,
    organization_id varchar(36) NOT NULL,
    agent_id varchar(36) NOT NULL,
    name varchar(1000),
    description text,
    llm_id varchar(36),
    created_by_id integer,
    language varchar(255),
    voice_id varchar(255),
    provider_settings text,
    created_at varchar(26) NOT NULL
  )`,
  `CREATE INDEX ix_agent_version_revisions_version ON agent_version_revisions (agent_version_id, organization_id)`,
  `CREATE TABLE sessions (
    id varchar(36) PRIMARY KEY NOT NULL,
    organization_id varchar(36) NOT NULL,
    conversation_id varchar(36) NOT NULL,
    agent_id varchar(36) NOT NULL,
    agent_version_id varchar(36) NOT NULL,
    revision_id varchar(64) NOT NULL,
    lifecycle integer NOT NULL,
    kinds_seen integer NOT NULL,
    started_at varchar(26),
    started_at_decimals integer,
    ended_at varchar(26),
    ended_at_decimals integer,
    analyzed_at varchar(26),
    ended_reason varchar(255),
    chat_completion_rating varchar(255),
    user_sentiment varchar(255),
    language varchar(255),
    translation_language varchar(255),
    message_count integer NOT NULL,
    created_at varchar(26) NOT NULL,
    updated_at varchar(26) NOT NULL,
    source varchar(100) NOT NULL,
    revision_source varchar(100) NOT NULL,
    older text,
    chat_summary text,
    chat_transcript text,
    translated_chat_transcript text,
    custom_analysis_data text
  )`,
  `CREATE INDEX ix_sessions_started ON sessions (started_at, id)`,
  `CREATE INDEX ix_sessions_organization_started ON sessions (organization_id, started_at, id)`,
  `CREATE INDEX ix_sessions_agent_started ON sessions (agent_id, started_at, id)`,
  `CREATE INDEX ix_sessions_version_revision ON sessions (organization_id, agent_version_id, revision_source)`,
  `CREATE INDEX ix_sessions_conversation ON sessions (conversation_id)`,
  `CREATE TABLE messages (
    id varchar(36) PRIMARY KEY NOT NULL,
    organization_id varchar(36) NOT NULL,
    conversation_id varchar(36) NOT NULL,
    created_at varchar(26),
    created_at_decimals integer,
    updated_at varchar(26),
    updated_at_decimals integer,
    direction varchar(255),
    type varchar(255),
    mode varchar(255),
    delivery_status varchar(255),
    from_address varchar(320),
    to_address varchar(320),
    language varchar(255),
    translation_language varchar(255),
    contact_id varchar(36),
    channel_id varchar(36),
    campaign_id varchar(36),
    campaign_contact_id varchar(36),
    sequence_id varchar(36),
    step_id varchar(36),
    step_contact_id varchar(36),
    user_id integer,
    source varchar(140) NOT NULL,
    older text,
    body text,
    translated_body text,
    attachments text,
    metadata text
  )`,
  `CREATE INDEX ix_messages_created ON messages (created_at, id)`,
  `CREATE INDEX ix_messages_organization_created ON messages (organization_id, created_at, id)`,
  `CREATE INDEX ix_messages_conversation ON messages (conversation_id)`,
  `CREATE TABLE session_messages (
    session_id varchar(36) NOT NULL,
    message_id varchar(36) NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (session_id, message_id)
  )`,
  `CREATE INDEX ix_session_messages_message ON session_messages (message_id)`,
  `CREATE TABLE analyses (
    session_id varchar(36) NOT NULL,
    content_sha256 varchar(64) NOT NULL,
    organization_id varchar(36) NOT NULL,
    revision_id varchar(64) NOT NULL,
    chat_completion_rating varchar(255),
    chat_summary text,
    user_sentiment varchar(255),
    custom_analysis_data text,
    event_id varchar(36) NOT NULL,
    event_created_at varchar(26),
    event_created_at_decimals integer,
    received_at varchar(26) NOT NULL,
    source varchar(100) NOT NULL,
    PRIMARY KEY (session_id, content_sha256)
  )`,
  `CREATE TABLE analysis_answers (
    session_id varchar(36) NOT NULL,
    position integer NOT NULL,
    organization_id varchar(36) NOT NULL,
    name varchar(255) NOT NULL,
    question_type varchar(255),
    value_type varchar(16) NOT NULL,
    string_value text,
    string_prefix varchar(191),
    number_value double,
    boolean_value integer,
    PRIMARY KEY (session_id, position)
  )`,
  `CREATE INDEX ix_analysis_answers_string ON analysis_answers (name, string_prefix, session_id)`,
  `CREATE INDEX ix_analysis_answers_number ON analysis_answers (name, number_value, session_id)`,
  `CREATE INDEX ix_analysis_answers_boolean ON analysis_answers (name, boolean_value, session_id)`,
  `CREATE TABLE session_feed (
    event_id varchar(36) PRIMARY KEY NOT NULL,
    position bigint,
    organization_id varchar(36) NOT NULL,
    session_id varchar(36) NOT NULL,
    kind varchar(16) NOT NULL,
    received_at varchar(26) NOT NULL
  )`,
  `CREATE UNIQUE INDEX ux_session_feed_position ON session_feed (position)`,
  `CREATE TABLE feed_head (
    id integer PRIMARY KEY NOT NULL,
    last_position bigint NOT NULL,
    expired_position bigint NOT NULL
  )`,
  `CREATE TABLE service_settings (
    name varchar(64) PRIMARY KEY NOT NULL,
    value text NOT NULL
  )`,
  "INSERT INTO feed_head (id, last_position, expired_position) VALUES (1, 0, 0)",
];
