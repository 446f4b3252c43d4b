import type { MigrationInterface, QueryRunner } from "typeorm";

export class CreateSearchTexts1764300000000 implements MigrationInterface {
  readonly name = "CreateSearchTexts1764300000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE IF NOT EXISTS search_texts (
      owner_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      terms longtext CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      FULLTEXT INDEX ft_search_texts_terms (terms),
      PRIMARY KEY (owner_id)
    ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE IF EXISTS search_texts");
  }
}
