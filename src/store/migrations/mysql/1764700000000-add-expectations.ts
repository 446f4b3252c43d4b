import type { MigrationInterface, QueryRunner } from "typeorm";

/** The ledger of what should have come. Its statements stand being run again, see index.ts. */
export class AddExpectations1764700000000 implements MigrationInterface {
  readonly name = "AddExpectations1764700000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of tables) await runner.query(statement);
    if (!(await runner.hasColumn("sessions", "look_at")))
      await runner.query(
        "ALTER TABLE sessions ADD look_at datetime(6) NULL, ADD INDEX ix_sessions_look (look_at)",
      );
  }

  async down(runner: QueryRunner): Promise<void> {
    if (await hasIndex(runner)) await runner.query("ALTER TABLE sessions DROP INDEX ix_sessions_look");
    if (await runner.hasColumn("sessions", "look_at"))
      await runner.query("ALTER TABLE sessions DROP COLUMN look_at");
    await runner.query("DROP TABLE IF EXISTS delivery_hours");
    await runner.query("DROP TABLE IF EXISTS expectations");
  }
}

async function hasIndex(runner: QueryRunner): Promise<boolean> {
  const rows = (await runner.query(
    `SELECT 1 AS found FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'sessions' AND index_name = 'ix_sessions_look'`,
  )) as unknown[];
  return rows.length > 0;
}

const tables = [
  `CREATE TABLE IF NOT EXISTS expectations (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    agent_version_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    question varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    since datetime(6) NOT NULL,
    due_at datetime(6) NOT NULL,
    opened_at datetime(6) NOT NULL,
    closed_at datetime(6) NULL,
    INDEX ix_expectations_opened (opened_at, id),
    INDEX ix_expectations_organization (organization_id, opened_at, id),
    INDEX ix_expectations_closed (closed_at, opened_at, id),
    INDEX ix_expectations_session (session_id),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS delivery_hours (
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    hour varchar(13) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    count int NOT NULL,
    last_at datetime(6) NOT NULL,
    last_session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (organization_id, hour)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];
