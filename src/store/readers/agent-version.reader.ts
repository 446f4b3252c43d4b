import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { AgentVersion, type AgentVersionRow } from "../../model/agent-version.js";
import { tableOf } from "../sql/table.js";
import { currentContents } from "./current-versions.js";
import { compileFilter, type FilterFields, join } from "./filter.js";
import { areKept, type CarriesVersion, type KnownVersions } from "./known-versions.js";
import { maskSettings } from "./mask.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { countsByParent, groupedByParent, namedBy, type ParentCount } from "./parents.js";
import { positionsIn, shapeOf, storedFor, recordMaker } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/**
 * An agent version with its newest content. Holds the fields that were asked for; the settings are JSON text.
 */
export type AgentVersionRecord = AgentVersionRow;

const revisions = tableOf(AgentVersion);

/** The fields of AgentVersionFilter and their columns; they speak of a revision. */
export const agentVersionFilterFields: FilterFields = shapeOf(AgentVersion).filterFields;

/** A part of a list of agent versions. */
export interface AgentVersionQuery {
  readonly filter: object;
  readonly order: readonly OrderTerm[];
  readonly window: Window;
}

/**
 * A version's newest revision is the one that the newest event of any of its sessions carried. It is found
 * through the sessions (each keeps its revision's order key), so that no row is written by every event of a
 * busy agent. Where organizations share a version's id, it is the newest within the scope: one id is one
 * thing.
 */
function newestRevisions(scope: Scope): SqlCondition {
  const { sql, parameters } = scopeCondition(scope, "latest");
  return {
    sql: `(SELECT latest.*, ROW_NUMBER() OVER (PARTITION BY agent_version_id ORDER BY newest DESC) AS ordinal
         FROM (SELECT agent_version_id, organization_id, MAX(revision_source) AS newest
               FROM sessions GROUP BY agent_version_id, organization_id) latest WHERE ${sql}) v
      JOIN sessions s ON s.organization_id = v.organization_id AND s.agent_version_id = v.agent_version_id
                      AND s.revision_source = v.newest AND v.ordinal = 1
      JOIN agent_version_revisions r ON r.id = s.revision_id`,
    parameters,
  };
}

/** Reads agent versions within a scope. */
export class AgentVersionReader {
  constructor(
    private readonly database: SqlReader,
    private readonly known: KnownVersions,
  ) {}

  /** The versions of these sessions, with their newest content: see {@link byIds}. */
  async ofSessions(
    scope: Scope,
    sessions: readonly CarriesVersion[],
    fields: readonly string[],
  ): Promise<(AgentVersionRecord | null)[]> {
    const known = areKept(fields)
      ? await this.known.of(this.database, scope, sessions)
      : new Map<string, never>();
    const others = new Set(
      sessions.map(({ agentVersionId }) => agentVersionId).filter((id) => !known.has(id)),
    );
    const read = await this.byIds(scope, [...others], fields);
    const byId = new Map([...known, ...read.map((version) => [version.id, version] as const)]);
    return sessions.map(({ agentVersionId }) => byId.get(agentVersionId) ?? null);
  }

  /**
   * These versions with their newest content; where organizations share one, with the newest within the
   * scope.
   */
  async byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<AgentVersionRecord[]> {
    return await this.newest(scope, "id", ids, fields);
  }

  /**
   * Each of these agents' newest version within the scope, as its current revision: of its versions, the one
   * with the newest event.
   */
  async newestOfAgents(
    scope: Scope,
    agentIds: readonly string[],
    fields: Iterable<string>,
  ): Promise<AgentVersionRecord[]> {
    return await this.newest(scope, "agentId", agentIds, [...fields, "agentId"]);
  }

  async page(
    scope: Scope,
    query: AgentVersionQuery,
    fields: Iterable<string>,
  ): Promise<Slice<AgentVersionRecord>> {
    const { conditions, orderBy, limit } = windowSql(query.order, query.window);
    const from = newestRevisions(scope);
    const where = join([this.matching(query.filter), ...conditions], "AND");
    const rows = await this.database.read<AgentVersionRow>(
      `SELECT ${columnsFor(fields, query.order)} FROM ${from.sql} WHERE ${where.sql} ORDER BY ${orderBy} LIMIT ${limit}`,
      [...from.parameters, ...where.parameters],
    );
    const slice = toSlice(rows, query.window, positionsIn(AgentVersion, query.order, served));
    return { ...slice, rows: records(scope, slice.rows) };
  }

  /** The same window of versions of each of many agents, in one statement. */
  async ofAgents(
    scope: Scope,
    agentIds: readonly string[],
    query: AgentVersionQuery,
    fields: Iterable<string>,
  ): Promise<Map<string, Slice<AgentVersionRecord>>> {
    const { conditions, orderBy, limit } = windowSql(query.order, query.window);
    const found = this.currentOfAgents(scope, agentIds, query.filter);
    const beyond = join(conditions, "AND");
    const rows = await this.database.read<AgentVersionRow>(
      `SELECT ${columnsFor([...fields, "agentId"], query.order)} FROM (
         SELECT r.id, ROW_NUMBER() OVER (PARTITION BY r.agent_id ORDER BY ${orderBy}) AS ordinal
         FROM ${found.sql} AND ${beyond.sql}) found
       JOIN agent_version_revisions r ON r.id = found.id WHERE found.ordinal <= ${limit} ORDER BY ${orderBy}`,
      [...found.parameters, ...beyond.parameters],
    );
    const positionOf = positionsIn(AgentVersion, query.order, served);
    const own = groupedByParent(agentIds, records(scope, rows), (row) => row.agentId);
    return new Map(Array.from(own, ([id, versions]) => [id, toSlice(versions, query.window, positionOf)]));
  }

  /**
   * How many versions of each of these agents match, in one statement; agents of which none does are left
   * out.
   */
  async countOfAgents(
    scope: Scope,
    agentIds: readonly string[],
    filter: object,
  ): Promise<ReadonlyMap<string, number>> {
    const { sql, parameters } = this.currentOfAgents(scope, agentIds, filter);
    const rows = await this.database.read<ParentCount>(
      `SELECT r.agent_id AS id, COUNT(*) AS count FROM ${sql} GROUP BY r.agent_id`,
      parameters,
    );
    return countsByParent(rows);
  }

  /** The current revisions `r` of the versions of agents, up to further conditions. */
  private currentOfAgents(scope: Scope, agentIds: readonly string[], filter: object): SqlCondition {
    const known = namedBy({ alias: "k", column: "agent_id" }, agentIds);
    const current = currentContents("agent_version_id", join([known, scopeCondition(scope, "k")], "AND"));
    const where = join([namedBy({ alias: "r", column: "agent_id" }, agentIds), this.matching(filter)], "AND");
    return {
      sql: `${current.sql} WHERE ${where.sql}`,
      parameters: [...current.parameters, ...where.parameters],
    };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const from = newestRevisions(scope);
    const where = this.matching(filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM ${from.sql} WHERE ${where.sql}`,
      [...from.parameters, ...where.parameters],
    );
    return Number(row?.count ?? 0);
  }

  /**
   * The newest revisions with one of these ids, of each id the newest. Revisions are few, and name the
   * organization and version that an index of the sessions begins with: a version's newest session is the
   * last entry of its part of that index, and nothing else of the part is read, in any scope. MySQL finds it
   * so only where the order names all columns of the index, and MySQL and MariaDB would read the whole part
   * for a MAX. A version that no session carries any more has the revision that was received first most
   * recently.
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
         SELECT c.id, ROW_NUMBER() OVER (
             PARTITION BY c.${column} ORDER BY COALESCE(s.revision_source, '') DESC, c.received_at DESC, c.id DESC) AS ordinal
         FROM (SELECT DISTINCT k.organization_id, k.agent_version_id, k.${column} AS asked FROM agent_version_revisions k
               WHERE k.${column} IN (${placeholders(ids)}) AND ${scoped.sql}) v
         LEFT JOIN sessions s
           ON s.id = (SELECT n.id FROM sessions n
                      WHERE n.organization_id = v.organization_id AND n.agent_version_id = v.agent_version_id
                      ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1)
         JOIN agent_version_revisions c
           ON c.agent_version_id = v.agent_version_id AND c.organization_id = v.organization_id
              AND c.${column} = v.asked AND (s.id IS NULL OR c.id = s.revision_id)
       ) w JOIN agent_version_revisions r ON r.id = w.id WHERE w.ordinal = 1`,
      [...ids, ...scoped.parameters],
    );
    return records(scope, rows);
  }

  private matching(filter: object): SqlCondition {
    const { sql, parameters } = compileFilter(filter, agentVersionFilterFields, "r", this.database);
    return { sql: `(${sql})`, parameters };
  }
}

/** Ids, organization and revision are always read: loaders and cursors are made of them. */
function columnsFor(fields: Iterable<string>, order: readonly OrderTerm[] = []): string {
  const ordered = order.map(({ property }) => property as keyof AgentVersionRow);
  const always = ["id", "revisionId", "organizationId", ...ordered] as const;
  return selectList(revisions, "r", storedFor<keyof AgentVersionRow>(AgentVersion, fields, always));
}

/** The one way from rows to what is served: masked where the scope says so. */
function records(scope: Scope, rows: readonly AgentVersionRow[]): AgentVersionRecord[] {
  return maskSettings(scope, rows.map(recordMaker(AgentVersion, served)) as AgentVersionRecord[]);
}

/** A resolver parses the settings, where it needs them. */
const served: ReadonlySet<string> = new Set(["receivedAt", "changedAt"]);
