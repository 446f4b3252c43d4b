import type { MigrationInterface, QueryRunner } from "typeorm";

/** Alarms: the rules, and the messages that wait. Its statements stand being run again, see index.ts. */
export class AddAlerts1764800000000 implements MigrationInterface {
  readonly name = "AddAlerts1764800000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of tables) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE IF EXISTS alert_messages");
    await runner.query("DROP TABLE IF EXISTS alert_rules");
  }
}

const tables = [
  `CREATE TABLE IF NOT EXISTS alert_rules (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    definition longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    url varchar(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    format varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    is_personal int NOT NULL,
    secret varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at datetime(6) NOT NULL,
    position bigint NOT NULL,
    epoch varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    gaps int NOT NULL,
    ordinal bigint NOT NULL,
    crossed longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    judged_at datetime(6) NULL,
    failures int NOT NULL,
    next_at datetime(6) NULL,
    last_error varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    last_sent_at datetime(6) NULL,
    leased_until datetime(6) NULL,
    UNIQUE INDEX ux_alert_rules_name (name),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS alert_messages (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    rule_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ordinal bigint NOT NULL,
    kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    facts longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    received_at datetime(6) NOT NULL,
    give_up_at datetime(6) NOT NULL,
    parked_at datetime(6) NULL,
    INDEX ix_alert_messages_rule (rule_id, parked_at, ordinal),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];
