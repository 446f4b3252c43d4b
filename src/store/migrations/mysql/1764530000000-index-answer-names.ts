import type { MigrationInterface, QueryRunner } from "typeorm";
import { countTrailingSpaces } from "../count-trailing-spaces.js";
import { setIndexes } from "./indexes.js";

export class IndexAnswerNames1764530000000 implements MigrationInterface {
  readonly name = "IndexAnswerNames1764530000000";

  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn("analysis_answers", "name_trailing_spaces")))
      await runner.query(
        "ALTER TABLE analysis_answers ADD COLUMN name_trailing_spaces int NOT NULL DEFAULT 0",
      );
    await countTrailingSpaces(runner);
    await setIndexes(runner, "analysis_answers", {
      ix_analysis_answers_name: "organization_id, name, name_trailing_spaces",
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await setIndexes(runner, "analysis_answers", { ix_analysis_answers_name: undefined });
    if (await runner.hasColumn("analysis_answers", "name_trailing_spaces"))
      await runner.query("ALTER TABLE analysis_answers DROP COLUMN name_trailing_spaces");
  }
}
