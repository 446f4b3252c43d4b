import type { QueryRunner } from "typeorm";

/** Counts the spaces that end the names of stored answers; few have any. Stands being done again. */
export async function countTrailingSpaces(runner: QueryRunner): Promise<void> {
  await runner.query(`UPDATE analysis_answers SET name_trailing_spaces = LENGTH(name) - LENGTH(RTRIM(name))
    WHERE name LIKE '% '`);
}
