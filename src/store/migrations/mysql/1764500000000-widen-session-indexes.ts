import type { MigrationInterface, QueryRunner } from "typeorm";
import { widenedSessionIndexes } from "../widened-session-indexes.js";

/** One statement each way, so that it happens whole or not at all: MySQL's DDL knows no transactions. */
export class WidenSessionIndexes1764500000000 implements MigrationInterface {
  readonly name = "WidenSessionIndexes1764500000000";

  async up(runner: QueryRunner): Promise<void> {
    const changes = widenedSessionIndexes.flatMap(({ name, before, after }) => [
      ...(before === undefined ? [] : [`DROP INDEX ${name}`]),
      `ADD INDEX ${name} (${after})`,
    ]);
    await runner.query(`ALTER TABLE sessions ${changes.join(", ")}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const changes = widenedSessionIndexes.flatMap(({ name, before }) => [
      `DROP INDEX ${name}`,
      ...(before === undefined ? [] : [`ADD INDEX ${name} (${before})`]),
    ]);
    await runner.query(`ALTER TABLE sessions ${changes.join(", ")}`);
  }
}
