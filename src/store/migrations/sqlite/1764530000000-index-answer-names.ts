import type { MigrationInterface, QueryRunner } from "typeorm";
import { countTrailingSpaces } from "../count-trailing-spaces.js";

export class IndexAnswerNames1764530000000 implements MigrationInterface {
  readonly name = "IndexAnswerNames1764530000000";

  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn("analysis_answers", "name_trailing_spaces")))
      await runner.query(
        "ALTER TABLE analysis_answers ADD COLUMN name_trailing_spaces integer NOT NULL DEFAULT (0)",
      );
    await countTrailingSpaces(runner);
    await runner.query(
      "CREATE INDEX ix_analysis_answers_name ON analysis_answers (organization_id, name, name_trailing_spaces)",
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP INDEX ix_analysis_answers_name");
    await runner.query("ALTER TABLE analysis_answers DROP COLUMN name_trailing_spaces");
  }
}
