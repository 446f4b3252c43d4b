import type { MigrationInterface, QueryRunner } from "typeorm";

/** MySQL's DDL knows no transactions, so each way stands being gone again. */
export class IndexAuditTimes1764540000000 implements MigrationInterface {
  readonly name = "IndexAuditTimes1764540000000";

  async up(runner: QueryRunner): Promise<void> {
    if (!(await hasIndex(runner))) await runner.query("ALTER TABLE audit_log ADD INDEX ix_audit_log_at (at)");
  }

  async down(runner: QueryRunner): Promise<void> {
    if (await hasIndex(runner)) await runner.query("ALTER TABLE audit_log DROP INDEX ix_audit_log_at");
  }
}

async function hasIndex(runner: QueryRunner): Promise<boolean> {
  const found = (await runner.query(
    "SHOW INDEX FROM audit_log WHERE Key_name = 'ix_audit_log_at'",
  )) as object[];
  return found.length > 0;
}
