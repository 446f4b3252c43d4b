import type { MigrationInterface, QueryRunner } from "typeorm";
import { setIndexes } from "./indexes.js";

export class IndexAuditTimes1764540000000 implements MigrationInterface {
  readonly name = "IndexAuditTimes1764540000000";

  async up(runner: QueryRunner): Promise<void> {
    await setIndexes(runner, "audit_log", { ix_audit_log_at: "at" });
  }

  async down(runner: QueryRunner): Promise<void> {
    await setIndexes(runner, "audit_log", { ix_audit_log_at: undefined });
  }
}
