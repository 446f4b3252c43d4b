import type { MigrationInterface, QueryRunner } from "typeorm";

export class IndexMessageAddresses1764510000000 implements MigrationInterface {
  readonly name = "IndexMessageAddresses1764510000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE messages
      ADD INDEX ix_messages_from (from_address),
      ADD INDEX ix_messages_to (to_address),
      ADD INDEX ix_messages_contact (contact_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE messages
      DROP INDEX ix_messages_from, DROP INDEX ix_messages_to, DROP INDEX ix_messages_contact`);
  }
}
