import type { MigrationInterface, QueryRunner } from "typeorm";

const columns = [
  ["session_feed", "epoch"],
  ["feed_head", "last_epoch"],
  ["feed_head", "expired_epoch"],
] as const;

export class AddFeedEpochs1764570000000 implements MigrationInterface {
  readonly name = "AddFeedEpochs1764570000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column] of columns) {
      if (await runner.hasColumn(table, column)) continue;
      await runner.query(
        `ALTER TABLE ${table} ADD COLUMN ${column} varchar(16) CHARACTER SET ascii COLLATE ascii_bin NULL`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, column] of columns) {
      if (await runner.hasColumn(table, column))
        // Rebuilds the table: MariaDB otherwise keeps a dropped column's bytes in each row, and refuses more of them in the end.
        await runner.query(`ALTER TABLE ${table} DROP COLUMN ${column}, FORCE`);
    }
  }
}
