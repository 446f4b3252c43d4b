import type { MigrationInterface, QueryRunner } from "typeorm";

export class WidenSessionIndexes1764500000000 implements MigrationInterface {
  readonly name = "WidenSessionIndexes1764500000000";

  async up(runner: QueryRunner): Promise<void> {
    await replaceIndexes(runner, `, organization_id, ${passedOver}`, `, ${passedOver}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceIndexes(runner, "", "");
  }
}

const passedOver =
  "ended_at, analyzed_at, created_at, updated_at, lifecycle, agent_id, agent_version_id, message_count, user_sentiment, chat_completion_rating";

async function replaceIndexes(runner: QueryRunner, ofAll: string, ofOrganization: string): Promise<void> {
  for (const statement of [
    "DROP INDEX ix_sessions_started",
    "DROP INDEX ix_sessions_organization_started",
    `CREATE INDEX ix_sessions_started ON sessions (started_at, id${ofAll})`,
    `CREATE INDEX ix_sessions_organization_started ON sessions (organization_id, started_at, id${ofOrganization})`,
  ])
    await runner.query(statement);
}
