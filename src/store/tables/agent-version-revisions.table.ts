import type { RevisionFacts } from "../../events/session-payload.js";
import { defineTable } from "../table.js";

/** One distinct content that an agent version was received with. Rows are never changed. */
export interface AgentVersionRevisionRow extends RevisionFacts {
  /** When the first event with this content was received. */
  readonly createdAt: string;
}

export const agentVersionRevisions = defineTable<AgentVersionRevisionRow>({
  name: "agent_version_revisions",
  columns: (types) => ({
    id: types.hash({ primary: true }),
    agentVersionId: types.uuid(),
    organizationId: types.uuid(),
    agentId: types.uuid(),
    name: types.text(1_000, { nullable: true }),
    description: types.longText({ nullable: true }),
    llmId: types.uuid({ nullable: true }),
    createdById: types.integer({ nullable: true }),
    language: types.text(255, { nullable: true }),
    voiceId: types.text(255, { nullable: true }),
    providerSettings: types.longText({ nullable: true }),
    createdAt: types.instant(),
  }),
  indices: [{ name: "ix_agent_version_revisions_version", columns: ["agentVersionId", "organizationId"] }],
});
