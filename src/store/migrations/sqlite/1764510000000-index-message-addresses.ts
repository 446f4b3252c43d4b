import type { MigrationInterface, QueryRunner } from "typeorm";

export class IndexMessageAddresses1764510000000 implements MigrationInterface {
  readonly name = "IndexMessageAddresses1764510000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, column] of indexes) await runner.query(`CREATE INDEX ${name} ON messages (${column})`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name] of indexes) await runner.query(`DROP INDEX ${name}`);
  }
}

const indexes = [
  ["ix_messages_from", "from_address"],
  ["ix_messages_to", "to_address"],
  ["ix_messages_contact", "contact_id"],
] as const;
