import { AgentVersion, type AgentVersionRow } from "../../model/agent-version.js";
import { selectList } from "../sql/statements.js";
import { tableOf } from "../sql/table.js";
import type { AgentVersionRecord } from "./agent-version.reader.js";
import { shapeOf, toRecord } from "./record.js";
import type { Scope } from "./scope.js";

const revisions = tableOf(AgentVersion);

/** Before the names of a version's fields, among those of a session. */
const prefix = "agentVersion.";

/**
 * The fields of sessions' agent versions that are read with the sessions, by names of their own among the
 * sessions' fields. None where long texts are asked for: many sessions share one version.
 */
export function fieldsOfVersions(fields: Iterable<string>): string[] {
  const { properties } = shapeOf(AgentVersion);
  const names = [...fields];
  const isLong = (name: string) => properties.get(name)?.kind.column.type === "longText";
  return names.some(isLong) ? [] : ["id", ...names].map((name) => prefix + name);
}

/** What is added to a statement that reads sessions `s`. */
export interface VersionJoin {
  readonly columns: string;
  readonly join: string;
}

/**
 * Joins to each session `s` the newest content `v` of its agent version, found as
 * {@link AgentVersionReader.byIds} finds it. Where all organizations are in scope and several share the
 * version's id, which is the newest of all is not known here, and the version is left out.
 * @param fields of the sessions; undefined where none of them is of a version
 */
export function joinNewestVersions(scope: Scope, fields: Iterable<string>): VersionJoin | undefined {
  const own = Array.from(fields).flatMap((name) =>
    name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
  );
  if (own.length === 0) return undefined;
  const { properties } = shapeOf(AgentVersion);
  const known = own.filter((name) => properties.has(name)) as (keyof AgentVersionRow)[];
  const columns = new Set<keyof AgentVersionRow>(["revisionId", "organizationId", ...known]);
  const unshared =
    scope.kind === "organization"
      ? ""
      : ` AND NOT EXISTS (SELECT 1 FROM agent_versions o
           WHERE o.id = s.agent_version_id AND o.organization_id <> s.organization_id)`;
  return {
    columns: selectList(revisions, "v", columns, prefix),
    join: `LEFT JOIN agent_version_revisions v
       ON v.id = (SELECT n.revision_id FROM sessions n
                  WHERE n.organization_id = s.organization_id AND n.agent_version_id = s.agent_version_id
                  ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1)${unshared}`,
  };
}

/** The newest version that was read with a session; undefined where none was. */
export function newestVersionOf(session: object): AgentVersionRecord | undefined {
  const version: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(session))
    if (name.startsWith(prefix)) version[name.slice(prefix.length)] = value;
  if (version.revisionId === undefined || version.revisionId === null) return undefined;
  return toRecord(AgentVersion, version, served, []) as AgentVersionRecord;
}

const served: ReadonlySet<string> = new Set(["receivedAt"]);
