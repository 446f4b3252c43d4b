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

async function replaceIndexes(runner: QueryRunner, which: "before" | "after"): Promise<void> {
  for (const { name, [which]: columns } of widenedSessionIndexes) {
    await runner.query(`DROP INDEX ${name}`);
    await runner.query(`CREATE INDEX ${name} ON sessions (${columns})`);
  }
}
