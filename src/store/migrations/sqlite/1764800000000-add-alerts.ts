import type { MigrationInterface, QueryRunner } from "typeorm";

/** Alarms: the rules, and the messages that wait. */
export class AddAlerts1764800000000 implements MigrationInterface {
  readonly name = "AddAlerts1764800000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE alert_messages");
    await runner.query("DROP TABLE alert_rules");
  }
}

const statements = [
  `CREATE TABLE alert_rules (
    id varchar(36) PRIMARY KEY NOT NULL,
    name varchar(200) NOT NULL,
    organization_id varchar(36),
    definition text NOT NULL,
    url varchar(2000) NOT NULL,
    format varchar(16) NOT NULL,
    is_personal integer NOT NULL,
    secret varchar(64) NOT NULL,
    created_at varchar(26) NOT NULL,
    position bigint NOT NULL,
    epoch varchar(16) NOT NULL,
    gaps integer NOT NULL,
    ordinal bigint NOT NULL,
    crossed text NOT NULL,
    judged_at varchar(26),
    failures integer NOT NULL,
    next_at varchar(26),
    last_error varchar(64),
    last_sent_at varchar(26),
    leased_until varchar(26)
  )`,
  "CREATE UNIQUE INDEX ux_alert_rules_name ON alert_rules (name)",
  `CREATE TABLE alert_messages (
    id varchar(36) PRIMARY KEY NOT NULL,
    rule_id varchar(36) NOT NULL,
    ordinal bigint NOT NULL,
    kind varchar(16) NOT NULL,
    event_id varchar(36),
    organization_id varchar(36),
    session_id varchar(36),
    facts text,
    received_at varchar(26) NOT NULL,
    give_up_at varchar(26) NOT NULL,
    parked_at varchar(26)
  )`,
  "CREATE INDEX ix_alert_messages_rule ON alert_messages (rule_id, parked_at, ordinal)",
];
