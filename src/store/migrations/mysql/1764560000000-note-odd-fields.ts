import type { MigrationInterface, QueryRunner } from "typeorm";

const unicode = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/** Each change is one statement: the column `notes` is there exactly where `request_id` may be null. */
export class NoteOddFields1764560000000 implements MigrationInterface {
  readonly name = "NoteOddFields1764560000000";

  async up(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn("webhook_events", "notes")) return;
    await runner.query(
      `ALTER TABLE webhook_events MODIFY request_id varchar(200) ${unicode} NULL,
         ADD COLUMN notes longtext ${unicode} NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn("webhook_events", "notes"))) return;
    await runner.query("UPDATE webhook_events SET request_id = '' WHERE request_id IS NULL");
    await runner.query(
      `ALTER TABLE webhook_events MODIFY request_id varchar(200) ${unicode} NOT NULL, DROP COLUMN notes`,
    );
  }
}
