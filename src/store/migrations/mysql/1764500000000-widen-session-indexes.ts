import type { MigrationInterface, QueryRunner } from "typeorm";

/** One statement each way, so that it happens whole or not at all: MySQL's DDL knows no transactions. */
export class WidenSessionIndexes1764500000000 implements MigrationInterface {
  readonly name = "WidenSessionIndexes1764500000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(replaceIndexes(`, organization_id, ${passedOver}`, `, ${passedOver}`));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(replaceIndexes("", ""));
  }
}

const passedOver =
  "ended_at, analyzed_at, created_at, updated_at, lifecycle, agent_id, agent_version_id, message_count, user_sentiment, chat_completion_rating";

const replaceIndexes = (ofAll: string, ofOrganization: string) => `ALTER TABLE sessions
  DROP INDEX ix_sessions_started,
  DROP INDEX ix_sessions_organization_started,
  ADD INDEX ix_sessions_started (started_at, id${ofAll}),
  ADD INDEX ix_sessions_organization_started (organization_id, started_at, id${ofOrganization})`;
