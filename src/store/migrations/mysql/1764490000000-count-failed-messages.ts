import type { MigrationInterface, QueryRunner } from "typeorm";
import { countFailedMessages } from "../count-failed-messages.js";

export class CountFailedMessages1764490000000 implements MigrationInterface {
  readonly name = "CountFailedMessages1764490000000";

  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn("sessions", "failed_message_count")))
      await runner.query("ALTER TABLE sessions ADD COLUMN failed_message_count int NOT NULL DEFAULT 0");
    await countFailedMessages(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn("sessions", "failed_message_count"))
      await runner.query("ALTER TABLE sessions DROP COLUMN failed_message_count");
  }
}
