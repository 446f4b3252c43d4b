import { AgentVersionRevision, type AgentVersionRevisionRow } from "../../model/agent-version.js";
import { placeholders, selectList } from "../sql/statements.js";
import { agentVersionRevisions } from "../sql/tables.js";
import type { SqlReader } from "../sql/transaction.js";
import { maskSettings } from "./mask.js";
import { storedFor, recordMaker } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/** A content of an agent version. Holds the fields that were asked for; the settings are JSON text. */
export type AgentVersionRevisionRecord = AgentVersionRevisionRow;

/** Reads revisions of agent versions within a scope. */
export class AgentVersionRevisionReader {
  constructor(private readonly database: SqlReader) {}

  /** Revisions by their content hashes: what sessions and analyses point to. */
  async byIds(
    scope: Scope,
    ids: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRevisionRecord[]> {
    return await this.read(scope, fields, "id", ids);
  }

  /** All revisions of each version, the first received first. */
  async ofVersions(
    scope: Scope,
    agentVersionIds: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRevisionRecord[]> {
    return await this.read(scope, fields, "agentVersionId", agentVersionIds);
  }

  private async read(
    scope: Scope,
    fields: Iterable<string>,
    by: "id" | "agentVersionId",
    ids: readonly string[],
  ): Promise<AgentVersionRevisionRecord[]> {
    if (ids.length === 0) return [];
    const columns = storedFor<keyof AgentVersionRevisionRow>(AgentVersionRevision, fields, [
      "id",
      "agentVersionId",
    ]);
    const scoped: SqlCondition = scopeCondition(scope, "r");
    const rows = await this.database.read<AgentVersionRevisionRow>(
      `SELECT ${selectList(agentVersionRevisions, "r", columns)} FROM agent_version_revisions r
       WHERE r.${agentVersionRevisions.column(by)} IN (${placeholders(ids)}) AND ${scoped.sql} ORDER BY r.received_at, r.id`,
      [...ids, ...scoped.parameters],
    );
    return maskSettings(
      scope,
      rows.map(recordMaker(AgentVersionRevision, converted)) as AgentVersionRevisionRecord[],
    );
  }
}

/** A resolver parses the settings, where it needs them. */
const converted: ReadonlySet<string> = new Set(["receivedAt"]);
