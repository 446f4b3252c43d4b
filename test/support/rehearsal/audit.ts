import type { Acknowledged } from "./deliveries.js";
import type { DatabaseServer } from "./database-server.js";

/** What the database must not hold, and what it must. */
export interface Audit {
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There, and not wholly projected: session, agent version's content, messages, analysis, feed. */
  readonly halfStored: number;
  /** Dead letters, and ignored ones: nothing is wrong with any of these events. */
  readonly falselyDead: number;
  readonly storedTwice: number;
}

/** Looks for what was acknowledged. */
export async function audit(server: DatabaseServer, acknowledged: readonly Acknowledged[]): Promise<Audit> {
  const rows = await server.query<{ id: string; status: string }>(
    "SELECT request_id AS id, status FROM app.webhook_events",
  );
  const stored = new Set(rows.map(({ id }) => id));
  const [torn] = await server.query<{ count: number }>(
    `SELECT COUNT(*) AS count FROM app.webhook_events e LEFT JOIN app.sessions s ON s.id = e.session_id
     LEFT JOIN app.session_feed f ON f.event_id = e.id LEFT JOIN app.analyses a ON a.event_id = e.id
     LEFT JOIN app.agent_version_revisions r ON r.id = s.revision_id
     WHERE s.id IS NULL OR f.event_id IS NULL OR a.event_id IS NULL OR r.id IS NULL
       OR (SELECT COUNT(*) FROM app.session_messages j
           JOIN app.messages m ON m.cluster_key = j.message_key
           WHERE j.session_key = s.cluster_key) <> 2`,
  );
  return {
    lost: acknowledged.filter(({ requestId }) => !stored.has(requestId)).length,
    halfStored: torn?.count ?? Number.NaN,
    falselyDead: rows.filter(({ status }) => status !== "projected").length,
    storedTwice: rows.length - stored.size,
  };
}

/** Says what is not as it must be. */
export function auditProblems(found: Audit): string[] {
  return Object.entries(found)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${what}: ${String(count)} events.`);
}
