/** Columns that lists are filtered, sorted and counted by: see tables/sessions.table.ts. */
const passedOver =
  "ended_at, analyzed_at, created_at, updated_at, lifecycle, agent_version_id, message_count, failed_message_count, user_sentiment, chat_completion_rating";

/** The columns of each index of `sessions` that changes, as they were (where there was one) and as they are. */
export const widenedSessionIndexes: readonly {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string;
}[] = [
  {
    name: "ix_sessions_started",
    before: "started_at, id",
    after: `started_at, id, organization_id, agent_id, ${passedOver}`,
  },
  {
    name: "ix_sessions_organization_started",
    before: "organization_id, started_at, id",
    after: `organization_id, started_at, id, agent_id, ${passedOver}`,
  },
  {
    name: "ix_sessions_agent_started",
    before: "agent_id, started_at, id",
    after: `agent_id, started_at, id, organization_id, ${passedOver}`,
  },
  {
    name: "ix_sessions_version_started",
    before: undefined,
    after: "agent_version_id, started_at, id",
  },
  // MySQL takes an index that begins with the organization for its statistics, and this one holds nothing that they need.
  {
    name: "ix_sessions_version_revision",
    before: "organization_id, agent_version_id, revision_source",
    after: "agent_version_id, organization_id, revision_source",
  },
];
