import type { MigrationInterface, QueryRunner } from "typeorm";

export class NoteOddFields1764560000000 implements MigrationInterface {
  readonly name = "NoteOddFields1764560000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE webhook_events ADD COLUMN notes text");
    await replaceRequestId(runner, "varchar(200)", "request_id");
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceRequestId(runner, "varchar(200) NOT NULL DEFAULT ''", "COALESCE(request_id, '')");
    await runner.query("ALTER TABLE webhook_events DROP COLUMN notes");
  }
}

/** SQLite cannot change whether a column may be null, so another one takes its place. */
async function replaceRequestId(runner: QueryRunner, type: string, value: string): Promise<void> {
  await runner.query(`ALTER TABLE webhook_events ADD COLUMN next_request_id ${type}`);
  await runner.query(`UPDATE webhook_events SET next_request_id = ${value}`);
  await runner.query("ALTER TABLE webhook_events DROP COLUMN request_id");
  await runner.query("ALTER TABLE webhook_events RENAME COLUMN next_request_id TO request_id");
}
