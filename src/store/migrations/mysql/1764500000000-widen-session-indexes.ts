import type { MigrationInterface, QueryRunner } from "typeorm";
import { widenedSessionIndexes } from "../widened-session-indexes.js";

export class WidenSessionIndexes1764500000000 implements MigrationInterface {
  readonly name = "WidenSessionIndexes1764500000000";

  async up(runner: QueryRunner): Promise<void> {
    await replaceIndexes(runner, "after");
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceIndexes(runner, "before");
  }
}

/** One statement, so that it happens whole or not at all: MySQL's DDL knows no transactions. */
async function replaceIndexes(runner: QueryRunner, which: "before" | "after"): Promise<void> {
  const changes = widenedSessionIndexes.flatMap(({ name, [which]: columns }) => [
    `DROP INDEX ${name}`,
    `ADD INDEX ${name} (${columns})`,
  ]);
  await runner.query(`ALTER TABLE sessions ${changes.join(", ")}`);
}
