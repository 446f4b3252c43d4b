import type { MigrationInterface, QueryRunner } from "typeorm";

export class CreateAccessTables1764400000000 implements MigrationInterface {
  readonly name = "CreateAccessTables1764400000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["erasures", "audit_log", "api_keys"])
      await runner.query(`DROP TABLE IF EXISTS ${table}`);
  }
}

const statements = [
  `CREATE TABLE IF NOT EXISTS api_keys (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    prefix varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    secret_sha256 char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    organization_id char(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    role varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at datetime(6) NOT NULL,
    expires_at datetime(6) NULL,
    last_used_at datetime(6) NULL,
    revoked_at datetime(6) NULL,
    UNIQUE INDEX ux_api_keys_prefix (prefix),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS audit_log (
    id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    at datetime(6) NOT NULL,
    caller varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    role varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    action varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    operation varchar(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    count int NOT NULL,
    ids longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    INDEX ix_audit_log_caller (caller, id),
    PRIMARY KEY (id)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS erasures (
    identifier_hmac char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    erased_at datetime(6) NOT NULL,
    PRIMARY KEY (identifier_hmac)
  ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];
