import { defineTable } from "../table.js";

/** An agent version that a session of an organization has carried. What it is stands in its revisions. */
export interface AgentVersionRow {
  organizationId: string;
  id: string;
  /** When the first event with it was received. */
  createdAt: string;
}

export const agentVersions = defineTable<AgentVersionRow>({
  name: "agent_versions",
  columns: (types) => ({
    organizationId: types.uuid({ primary: true }),
    id: types.uuid({ primary: true }),
    createdAt: types.instant(),
  }),
  indices: [{ name: "ix_agent_versions_id", columns: ["id"] }],
});
