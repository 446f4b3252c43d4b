import type { MigrationInterface, QueryRunner } from "typeorm";

/** All tables of the first release, and the full-text index of `session_terms`. */
export class CreateTables1764600000000 implements MigrationInterface {
  readonly name = "CreateTables1764600000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`DROP TABLE ${table}`);
  }
}

const tables = [
  "session_terms_index",
  "erasures",
  "audit_log",
  "api_keys",
  "service_settings",
  "feed_head",
  "session_feed",
  "session_terms",
  "analysis_answers",
  "analyses",
  "session_parties",
  "session_messages",
  "messages",
  "sessions",
  "agent_version_revisions",
  "agent_versions",
  "webhook_events",
];

/**
 * Rows of the index are found by the session's id, written as one word: VACUUM may change the row numbers of
 * the table.
 */
const word = (row: "new" | "old") => `replace(${row}.session_id, '-', '')`;
const removed = `DELETE FROM session_terms_index WHERE rowid IN
    (SELECT rowid FROM session_terms_index WHERE session_terms_index MATCH 'owner:' || ${word("old")})`;
const inserted = `INSERT INTO session_terms_index (session_id, owner, terms)
    VALUES (new.session_id, ${word("new")}, new.terms)`;

const statements = [
  `CREATE TABLE webhook_events (
    id varchar(36) PRIMARY KEY NOT NULL,
    request_id varchar(200),
    event_type varchar(100) NOT NULL,
    api_version varchar(50),
    status varchar(16) NOT NULL,
    received_at varchar(26) NOT NULL,
    event_created_at varchar(26),
    event_created_at_decimals integer,
    organization_id varchar(36),
    session_id varchar(36),
    signature_scheme varchar(32),
    signature_key_index integer,
    size_bytes integer NOT NULL,
    body_sha256 varchar(64) NOT NULL,
    error text,
    notes text,
    body blob NOT NULL
  )`,
  `CREATE UNIQUE INDEX ux_webhook_events_body_sha256 ON webhook_events (body_sha256)`,
  `CREATE INDEX ix_webhook_events_status ON webhook_events (status, id)`,
  `CREATE INDEX ix_webhook_events_session ON webhook_events (session_id, id)`,
  `CREATE TABLE agent_versions (
    organization_id varchar(36) NOT NULL,
    id varchar(36) NOT NULL,
    received_at varchar(26) NOT NULL,
    PRIMARY KEY (organization_id, id)
  )`,
  `CREATE INDEX ix_agent_versions_id ON agent_versions (id)`,
  `CREATE TABLE agent_version_revisions (
    agent_id varchar(36) NOT NULL,
    name varchar(1000),
    llm_id varchar(36),
    created_by_id bigint,
    language varchar(255),
    voice_id varchar(255),
    received_at varchar(26) NOT NULL,
    id varchar(64) PRIMARY KEY NOT NULL,
    agent_version_id varchar(36) NOT NULL,
    organization_id varchar(36) NOT NULL,
    description text,
    provider_settings text
  )`,
  `CREATE INDEX ix_agent_version_revisions_version ON agent_version_revisions (agent_version_id,
  organization_id)`,
  `CREATE INDEX ix_agent_version_revisions_agent ON agent_version_revisions (agent_id, organization_id,
  agent_version_id)`,
  `CREATE TABLE sessions (
    id varchar(36) PRIMARY KEY NOT NULL,
    organization_id varchar(36) NOT NULL,
    conversation_id varchar(36) NOT NULL,
    agent_id varchar(36) NOT NULL,
    agent_version_id varchar(36) NOT NULL,
    revision_id varchar(64) NOT NULL,
    lifecycle integer NOT NULL,
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
    failed_message_count integer NOT NULL DEFAULT (0),
    manual_message_count integer NOT NULL DEFAULT (0),
    received_at varchar(26) NOT NULL,
    changed_at varchar(26) NOT NULL,
    cluster_key bigint NOT NULL,
    kinds_seen integer NOT NULL,
    source varchar(100) NOT NULL,
    revision_source varchar(100) NOT NULL,
    chat_summary text,
    chat_transcript text,
    translated_chat_transcript text,
    custom_analysis_data text,
    older text
  )`,
  `CREATE INDEX ix_sessions_started ON sessions (started_at, id, organization_id, agent_id, ended_at,
  analyzed_at, received_at, changed_at, lifecycle, agent_version_id, message_count, failed_message_count, manual_message_count,
  user_sentiment, chat_completion_rating, cluster_key)`,
  `CREATE INDEX ix_sessions_organization_started ON sessions (organization_id, started_at, id, agent_id,
  ended_at, analyzed_at, received_at, changed_at, lifecycle, agent_version_id, message_count,
  failed_message_count, manual_message_count, user_sentiment, chat_completion_rating, cluster_key)`,
  `CREATE INDEX ix_sessions_agent_started ON sessions (agent_id, started_at, id, organization_id, ended_at,
  analyzed_at, received_at, changed_at, lifecycle, agent_version_id, message_count, failed_message_count, manual_message_count,
  user_sentiment, chat_completion_rating, cluster_key)`,
  `CREATE INDEX ix_sessions_version_started ON sessions (agent_version_id, started_at, id)`,
  `CREATE INDEX ix_sessions_version_revision ON sessions (agent_version_id, organization_id, revision_source,
  revision_id)`,
  `CREATE INDEX ix_sessions_conversation ON sessions (conversation_id, started_at, id)`,
  `CREATE UNIQUE INDEX ux_sessions_cluster_key ON sessions (cluster_key)`,
  `CREATE TABLE messages (
    id varchar(36) NOT NULL,
    direction varchar(255),
    type varchar(255),
    mode varchar(255),
    delivery_status varchar(255),
    from_address varchar(320),
    to_address varchar(320),
    language varchar(255),
    translation_language varchar(255),
    created_at varchar(26),
    created_at_decimals integer,
    updated_at varchar(26),
    updated_at_decimals integer,
    received_at varchar(26) NOT NULL,
    changed_at varchar(26) NOT NULL,
    organization_id varchar(36) NOT NULL,
    conversation_id varchar(36) NOT NULL,
    contact_id varchar(36),
    channel_id varchar(36),
    campaign_id varchar(36),
    campaign_contact_id varchar(36),
    sequence_id varchar(36),
    step_id varchar(36),
    step_contact_id varchar(36),
    user_id bigint,
    cluster_key bigint PRIMARY KEY NOT NULL,
    source varchar(140) NOT NULL,
    body text,
    translated_body text,
    attachments text,
    metadata text,
    older text
  )`,
  `CREATE INDEX ix_messages_created ON messages (created_at, id)`,
  `CREATE INDEX ix_messages_organization_created ON messages (organization_id, created_at, id)`,
  `CREATE INDEX ix_messages_conversation ON messages (conversation_id, created_at, id)`,
  `CREATE UNIQUE INDEX ux_messages_id ON messages (id)`,
  `CREATE TABLE session_messages (
    session_key bigint NOT NULL,
    message_key bigint NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (session_key, message_key)
  )`,
  `CREATE INDEX ix_session_messages_message ON session_messages (message_key)`,
  `CREATE TABLE session_parties (
    session_id varchar(36) NOT NULL,
    party varchar(320) NOT NULL,
    PRIMARY KEY (session_id, party)
  )`,
  `CREATE INDEX ix_session_parties_party ON session_parties (party)`,
  `CREATE TABLE analyses (
    session_id varchar(36) NOT NULL,
    content_sha256 varchar(64) NOT NULL,
    organization_id varchar(36) NOT NULL,
    revision_id varchar(64) NOT NULL,
    chat_completion_rating varchar(255),
    user_sentiment varchar(255),
    event_id varchar(36) NOT NULL,
    event_created_at varchar(26),
    event_created_at_decimals integer,
    received_at varchar(26) NOT NULL,
    source varchar(100) NOT NULL,
    chat_summary text,
    custom_analysis_data text,
    PRIMARY KEY (session_id, content_sha256)
  )`,
  `CREATE TABLE analysis_answers (
    session_id varchar(36) NOT NULL,
    position integer NOT NULL,
    organization_id varchar(36) NOT NULL,
    name varchar(255) NOT NULL,
    name_trailing_spaces integer NOT NULL DEFAULT (0),
    question_type varchar(255),
    value_type varchar(16) NOT NULL,
    string_prefix varchar(191),
    number_value double,
    boolean_value integer,
    string_value text,
    PRIMARY KEY (session_id, position)
  )`,
  `CREATE INDEX ix_analysis_answers_name ON analysis_answers (organization_id, name, name_trailing_spaces)`,
  `CREATE INDEX ix_analysis_answers_value ON analysis_answers (name, string_prefix, number_value, boolean_value, session_id)`,
  `CREATE TABLE session_terms (
    session_id varchar(36) PRIMARY KEY NOT NULL,
    terms text NOT NULL
  )`,
  `CREATE TABLE session_feed (
    event_id varchar(36) PRIMARY KEY NOT NULL,
    position bigint,
    epoch varchar(16),
    organization_id varchar(36) NOT NULL,
    session_id varchar(36) NOT NULL,
    kind varchar(16) NOT NULL,
    received_at varchar(26) NOT NULL
  )`,
  `CREATE UNIQUE INDEX ux_session_feed_position ON session_feed (position)`,
  `CREATE TABLE feed_head (
    id integer PRIMARY KEY NOT NULL,
    last_position bigint NOT NULL,
    last_epoch varchar(16),
    expired_position bigint NOT NULL,
    expired_epoch varchar(16)
  )`,
  `CREATE TABLE service_settings (
    name varchar(64) PRIMARY KEY NOT NULL,
    value text NOT NULL
  )`,
  `CREATE TABLE api_keys (
    id varchar(36) PRIMARY KEY NOT NULL,
    prefix varchar(16) NOT NULL,
    secret_sha256 varchar(64) NOT NULL,
    name varchar(200) NOT NULL,
    organization_id varchar(36),
    role varchar(32) NOT NULL,
    created_at varchar(26) NOT NULL,
    expires_at varchar(26),
    last_used_at varchar(26),
    revoked_at varchar(26)
  )`,
  `CREATE UNIQUE INDEX ux_api_keys_prefix ON api_keys (prefix)`,
  `CREATE TABLE audit_log (
    id varchar(36) PRIMARY KEY NOT NULL,
    at varchar(26) NOT NULL,
    caller varchar(255) NOT NULL,
    role varchar(32) NOT NULL,
    action varchar(32) NOT NULL,
    operation varchar(500) NOT NULL,
    count integer NOT NULL,
    ids text NOT NULL
  )`,
  `CREATE INDEX ix_audit_log_caller ON audit_log (caller, id)`,
  `CREATE INDEX ix_audit_log_at ON audit_log (at)`,
  `CREATE TABLE erasures (
    identifier_hmac varchar(64) PRIMARY KEY NOT NULL,
    erased_at varchar(26) NOT NULL
  )`,
  "INSERT INTO feed_head (id, last_position, expired_position) VALUES (1, 0, 0)",
  `CREATE VIRTUAL TABLE session_terms_index
    USING fts5(session_id UNINDEXED, owner, terms, detail = column, tokenize = 'ascii')`,
  `CREATE TRIGGER session_terms_insert AFTER INSERT ON session_terms BEGIN ${inserted}; END`,
  `CREATE TRIGGER session_terms_update AFTER UPDATE ON session_terms BEGIN ${removed}; ${inserted}; END`,
  `CREATE TRIGGER session_terms_delete AFTER DELETE ON session_terms BEGIN ${removed}; END`,
];
