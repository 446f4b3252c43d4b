import type { SqlReader } from "../sql/transaction.js";
import { placeholders } from "../sql/statements.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/** A conversation as it is served. */
export interface ConversationRecord {
  readonly id: string;
  readonly organizationId: string;
}

/** Reads within a scope which conversations there are: those of which a session or a message is stored. */
export class ConversationReader {
  constructor(private readonly database: SqlReader) {}

  /**
   * The conversations with these ids; where organizations share one, that of the newest session, else of the
   * newest message.
   */
  async byIds(scope: Scope, ids: readonly string[]): Promise<ConversationRecord[]> {
    if (ids.length === 0) return [];
    const parts = [
      newestOfEach("sessions", "started_at", scope, ids, 1),
      newestOfEach("messages", "created_at", scope, ids, 2),
    ];
    const rows = await this.database.read<ConversationRecord>(
      `SELECT found.id, found.organization_id AS organizationId FROM (
         ${parts.map(({ sql }) => sql).join(" UNION ALL ")}) found ORDER BY found.source DESC`,
      parts.flatMap(({ parameters }) => parameters),
    );
    const byId = new Map(rows.map(({ id, organizationId }) => [id, { id, organizationId }]));
    return [...byId.values()];
  }
}

/** Of each conversation its newest row, which is the last entry of its part of an index. */
function newestOfEach(
  table: string,
  time: string,
  scope: Scope,
  ids: readonly string[],
  source: number,
): SqlCondition {
  const scoped = scopeCondition(scope, "n");
  const newest = `SELECT n.id FROM ${table} n WHERE n.conversation_id = c.id AND ${scoped.sql}
    ORDER BY n.${time} DESC, n.id DESC LIMIT 1`;
  return {
    sql: `SELECT c.id, t.organization_id, ${source} AS source FROM (
        SELECT DISTINCT k.conversation_id AS id FROM ${table} k WHERE k.conversation_id IN (${placeholders(ids)})) c
      JOIN ${table} t ON t.id = (${newest})`,
    parameters: [...ids, ...scoped.parameters],
  };
}
