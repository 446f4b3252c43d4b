import type { SqlCondition } from "./scope.js";

/**
 * The current contents: revisions `r`, of agent versions or of agents. It is the revision that the newest
 * event of any session of the version, or agent, carried. Revisions are few, and name the organization and
 * version that an index of the sessions begins with: a version's newest session is the last entry of its part
 * of that index, and nothing else of the part is read. MySQL finds it so only where the order names all
 * columns of the index.
 * @param of what has one current content
 * @param revisions which versions are looked at, asked of their revisions `k`
 */
export function currentContents(of: "agent_id" | "agent_version_id", revisions: SqlCondition): SqlCondition {
  return {
    sql: `(SELECT s.revision_id, ROW_NUMBER() OVER (PARTITION BY s.${of} ORDER BY s.revision_source DESC) AS ordinal
        FROM (SELECT (SELECT n.id FROM sessions n
                      WHERE n.organization_id = v.organization_id AND n.agent_version_id = v.agent_version_id
                      ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1) AS session_id
              FROM (SELECT DISTINCT k.organization_id, k.agent_version_id FROM agent_version_revisions k
                    WHERE ${revisions.sql}) v) newest
        JOIN sessions s ON s.id = newest.session_id) content
      JOIN agent_version_revisions r ON r.id = content.revision_id AND content.ordinal = 1`,
    parameters: revisions.parameters,
  };
}
