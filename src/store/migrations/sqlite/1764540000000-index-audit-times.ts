import type { MigrationInterface, QueryRunner } from "typeorm";

export class IndexAuditTimes1764540000000 implements MigrationInterface {
  readonly name = "IndexAuditTimes1764540000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("CREATE INDEX IF NOT EXISTS ix_audit_log_at ON audit_log (at)");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP INDEX IF EXISTS ix_audit_log_at");
  }
}
