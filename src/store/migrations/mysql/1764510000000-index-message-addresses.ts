import type { MigrationInterface, QueryRunner } from "typeorm";
import { setIndexes } from "./indexes.js";

export class IndexMessageAddresses1764510000000 implements MigrationInterface {
  readonly name = "IndexMessageAddresses1764510000000";

  async up(runner: QueryRunner): Promise<void> {
    await setIndexes(runner, "messages", {
      ix_messages_from: "from_address",
      ix_messages_to: "to_address",
      ix_messages_contact: "contact_id",
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await setIndexes(runner, "messages", {
      ix_messages_from: undefined,
      ix_messages_to: undefined,
      ix_messages_contact: undefined,
    });
  }
}
