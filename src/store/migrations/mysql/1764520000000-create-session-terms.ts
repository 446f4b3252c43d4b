import type { MigrationInterface, QueryRunner } from "typeorm";
import { fillSessionTerms } from "../fill-session-terms.js";

/**
 * The words of a session and its messages in one row a session, where there was one for each text. What a killed start filled of the
 * table is dropped. The full-text index is there from the beginning: where it is added to a table, MariaDB 10.11 finds nothing any more
 * once it is dropped and added again.
 */
export class CreateSessionTerms1764520000000 implements MigrationInterface {
  readonly name = "CreateSessionTerms1764520000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE IF EXISTS session_terms");
    await runner.query(`CREATE TABLE session_terms (
      session_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      terms longtext CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      FULLTEXT INDEX ft_session_terms_terms (terms),
      PRIMARY KEY (session_id)
    ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
    await fillSessionTerms(runner);
    await runner.query("DROP TABLE IF EXISTS search_texts");
  }

  /** The old table is empty: `events replay --all --into-empty` fills it. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE IF EXISTS session_terms");
    await runner.query(`CREATE TABLE IF NOT EXISTS search_texts (
      owner_id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      terms longtext CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      FULLTEXT INDEX ft_search_texts_terms (terms),
      PRIMARY KEY (owner_id)
    ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  }
}
