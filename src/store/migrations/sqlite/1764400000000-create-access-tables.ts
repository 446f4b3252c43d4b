import type { MigrationInterface, QueryRunner } from "typeorm";

export class CreateAccessTables1764400000000 implements MigrationInterface {
  readonly name = "CreateAccessTables1764400000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["erasures", "audit_log", "api_keys"]) await runner.query(`DROP TABLE ${table}`);
  }
}

const statements = [
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
  `CREATE TABLE erasures (
    identifier_hmac varchar(64) PRIMARY KEY NOT NULL,
    erased_at varchar(26) NOT NULL
  )`,
];
