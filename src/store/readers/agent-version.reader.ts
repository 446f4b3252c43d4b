import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { AgentVersion, type AgentVersionRow } from "../../model/agent-version.js";
import { tableOf } from "../sql/table.js";
import { compileFilter, type FilterFields } from "./filter.js";
import { maskSettings } from "./mask.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { shapeOf, storedFor, toRecord } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/**
 * A revision of an agent version: `id` is the version's, `revisionId` the content's hash. Holds the fields that were asked for;
 * the settings are JSON text.
 */
export type AgentVersionRecord = AgentVersionRow & { readonly position: readonly (string | number | null)[] };

const revisions = tableOf(AgentVersion);

/** The fields of AgentVersionFilter and their columns; they speak of a revision. */
export const agentVersionFilterFields: FilterFields = shapeOf(AgentVersion).filterFields;

export const agentVersionOrder: readonly OrderTerm[] = [
  { property: "id", column: "r.agent_version_id", nullable: false, descending: false },
  { property: "organizationId", column: "r.organization_id", nullable: false, descending: false },
];

/**
 * A version's current revision is the one that the newest event of any of its sessions carried. It is found through the sessions
 * (each keeps its revision's order key), so that no row is written by every event of a busy agent.
 */
const currentRevisions = `sessions s
  JOIN (SELECT agent_version_id, organization_id, MAX(revision_source) AS newest
        FROM sessions GROUP BY agent_version_id, organization_id) latest
    ON latest.organization_id = s.organization_id AND latest.agent_version_id = s.agent_version_id AND latest.newest = s.revision_source
  JOIN agent_version_revisions r ON r.id = s.revision_id`;

/** Reads agent versions and their revisions within a scope. */
export class AgentVersionReader {
  constructor(private readonly database: SqlReader) {}

  /** The current revision of each of these versions; where organizations share one, of the newest within the scope. */
  async byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<AgentVersionRecord[]> {
    return await this.newest(scope, "id", ids, fields);
  }

  /** Each of these agents' newest version within the scope, as its current revision: of its versions, the one with the newest event. */
  async newestOfAgents(
    scope: Scope,
    agentIds: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRecord[]> {
    return await this.newest(scope, "agentId", agentIds, [...fields, "agentId"]);
  }

  /** Revisions by their content hashes: what sessions point to. */
  async revisionsByIds(
    scope: Scope,
    revisionIds: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRecord[]> {
    if (revisionIds.length === 0) return [];
    const scoped = scopeCondition(scope, "r");
    const rows = await this.database.read<AgentVersionRow>(
      `SELECT ${columnsFor(fields)} FROM agent_version_revisions r
       WHERE r.id IN (${placeholders(revisionIds)}) AND ${scoped.sql}`,
      [...revisionIds, ...scoped.parameters],
    );
    return records(scope, rows);
  }

  /** All revisions of each version, the first received first. */
  async revisionsOfVersions(
    scope: Scope,
    ids: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRecord[]> {
    if (ids.length === 0) return [];
    const scoped = scopeCondition(scope, "r");
    const rows = await this.database.read<AgentVersionRow>(
      `SELECT ${columnsFor(fields)} FROM agent_version_revisions r
       WHERE r.agent_version_id IN (${placeholders(ids)}) AND ${scoped.sql} ORDER BY r.created_at, r.id`,
      [...ids, ...scoped.parameters],
    );
    return records(scope, rows);
  }

  async page(
    scope: Scope,
    query: { readonly filter: object; readonly window: Window },
    fields: Iterable<string>,
  ): Promise<Slice<AgentVersionRecord>> {
    const { conditions, orderBy, limit } = windowSql(agentVersionOrder, query.window);
    const where = [...this.matching(scope, query.filter), ...conditions];
    const rows = await this.database.read<AgentVersionRow>(
      `SELECT ${columnsFor(fields)} FROM ${currentRevisions}
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`,
      where.flatMap(({ parameters }) => parameters),
    );
    const slice = toSlice(rows, query.window);
    return { ...slice, rows: records(scope, slice.rows) };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = this.matching(scope, filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM ${currentRevisions} WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /**
   * The current revisions with one of these ids, of each id the newest. Revisions are few, and name the organization and version that
   * an index of the sessions begins with: a version's newest session is the last entry of its part of that index, and nothing else of
   * the part is read, in any scope. MySQL finds it so only where the order names all columns of the index, and MySQL and MariaDB would
   * read the whole part for a MAX.
   */
  private async newest(
    scope: Scope,
    property: "agentId" | "id",
    ids: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRecord[]> {
    if (ids.length === 0) return [];
    const column = revisions.column(property);
    const scoped = scopeCondition(scope, "k");
    const rows = await this.database.read<AgentVersionRow>(
      `SELECT ${columnsFor(fields)} FROM (
         SELECT s.revision_id, ROW_NUMBER() OVER (PARTITION BY s.${column} ORDER BY s.revision_source DESC) AS ordinal
         FROM (SELECT DISTINCT k.organization_id, k.agent_version_id, k.${column} AS asked FROM agent_version_revisions k
               WHERE k.${column} IN (${placeholders(ids)}) AND ${scoped.sql}) v
         JOIN sessions s ON s.${column} = v.asked
         WHERE s.id = (SELECT n.id FROM sessions n
                       WHERE n.organization_id = v.organization_id AND n.agent_version_id = v.agent_version_id
                       ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1)
       ) w JOIN agent_version_revisions r ON r.id = w.revision_id WHERE w.ordinal = 1`,
      [...ids, ...scoped.parameters],
    );
    return records(scope, rows);
  }

  private matching(scope: Scope, filter: object): SqlCondition[] {
    const { sql, parameters } = compileFilter(filter, agentVersionFilterFields, "r", this.database);
    return [scopeCondition(scope, "s"), { sql: `(${sql})`, parameters }];
  }
}

/** Ids, organization and revision are always read: loaders and cursors are made of them. */
function columnsFor(fields: Iterable<string>): string {
  const always = ["id", "revisionId", "organizationId"] as const;
  return selectList(revisions, "r", storedFor<keyof AgentVersionRow>(AgentVersion, fields, always));
}

/** The one way from rows to what is served: masked where the scope says so. */
function records(scope: Scope, rows: readonly AgentVersionRow[]): AgentVersionRecord[] {
  return maskSettings(
    scope,
    rows.map(
      (row) => toRecord(AgentVersion, row, served, [row.id, row.organizationId]) as AgentVersionRecord,
    ),
  );
}

/** A resolver parses the settings, where it needs them. */
const served: ReadonlySet<string> = new Set(["receivedAt"]);
