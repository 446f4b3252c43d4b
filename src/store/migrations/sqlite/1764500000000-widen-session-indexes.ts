import type { MigrationInterface, QueryRunner } from "typeorm";
import { widenedSessionIndexes } from "../widened-session-indexes.js";

export class WidenSessionIndexes1764500000000 implements MigrationInterface {
  readonly name = "WidenSessionIndexes1764500000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const { name, before, after } of widenedSessionIndexes) {
      if (before !== undefined) await runner.query(`DROP INDEX ${name}`);
      await runner.query(`CREATE INDEX ${name} ON sessions (${after})`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name, before } of widenedSessionIndexes) {
      await runner.query(`DROP INDEX ${name}`);
      if (before !== undefined) await runner.query(`CREATE INDEX ${name} ON sessions (${before})`);
    }
  }
}
