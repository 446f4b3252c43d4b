import type { MigrationInterface, QueryRunner } from "typeorm";
import { widenedSessionIndexes } from "../widened-session-indexes.js";
import { setIndexes } from "./indexes.js";

export class WidenSessionIndexes1764500000000 implements MigrationInterface {
  readonly name = "WidenSessionIndexes1764500000000";

  async up(runner: QueryRunner): Promise<void> {
    const indexes = widenedSessionIndexes.map(({ name, after }) => [name, after] as const);
    await setIndexes(runner, "sessions", Object.fromEntries(indexes));
  }

  async down(runner: QueryRunner): Promise<void> {
    const indexes = widenedSessionIndexes.map(({ name, before }) => [name, before] as const);
    await setIndexes(runner, "sessions", Object.fromEntries(indexes));
  }
}
