import type { MigrationInterface, QueryRunner } from "typeorm";

/** The ledger of what should have come. */
export class AddExpectations1764700000000 implements MigrationInterface {
  readonly name = "AddExpectations1764700000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP INDEX ix_sessions_look");
    await runner.query("ALTER TABLE sessions DROP COLUMN look_at");
    await runner.query("DROP TABLE delivery_hours");
    await runner.query("DROP TABLE expectations");
  }
}

const statements = [
  `CREATE TABLE expectations (
    id varchar(36) PRIMARY KEY NOT NULL,
    kind varchar(16) NOT NULL,
    organization_id varchar(36) NOT NULL,
    session_id varchar(36) NOT NULL,
    agent_version_id varchar(36) NOT NULL,
    question varchar(255),
    since varchar(26) NOT NULL,
    due_at varchar(26) NOT NULL,
    opened_at varchar(26) NOT NULL,
    closed_at varchar(26)
  )`,
  "CREATE INDEX ix_expectations_opened ON expectations (opened_at, id)",
  "CREATE INDEX ix_expectations_organization ON expectations (organization_id, opened_at, id)",
  "CREATE INDEX ix_expectations_closed ON expectations (closed_at, opened_at, id)",
  "CREATE INDEX ix_expectations_session ON expectations (session_id)",
  `CREATE TABLE delivery_hours (
    organization_id varchar(36) NOT NULL,
    hour varchar(13) NOT NULL,
    count integer NOT NULL,
    last_at varchar(26) NOT NULL,
    last_session_id varchar(36) NOT NULL,
    PRIMARY KEY (organization_id, hour)
  )`,
  "ALTER TABLE sessions ADD look_at varchar(26)",
  "CREATE INDEX ix_sessions_look ON sessions (look_at)",
];
