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
 * {@link AgentVersionReader.byIds} finds it. One id is one thing: where all organizations are in scope and
 * several share the version's id, the newest of all of them is not known here, and there is no `v`.
 * @returns undefined where no field of a version is asked for
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
      : `AND NOT EXISTS (SELECT 1 FROM agent_versions o
           WHERE o.id = s.agent_version_id AND o.organization_id <> s.organization_id)`;
  return {
    columns: selectList(revisions, "v", columns, prefix),
    join: `LEFT JOIN sessions w
       ON w.id = (SELECT n.id FROM sessions n
                  WHERE n.organization_id = s.organization_id AND n.agent_version_id = s.agent_version_id
                  ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1) ${unshared}
     LEFT JOIN agent_version_revisions v ON v.id = w.revision_id`,
  };
}

/** The newest version that was read with each of these sessions of a statement, or undefined. */
export function newestVersionsOf(sessions: readonly object[]): (AgentVersionRecord | undefined)[] {
  const [first = {}] = sessions;
  const names = Object.keys(first).filter((name) => name.startsWith(prefix));
  return (sessions as readonly Readonly<Record<string, unknown>>[]).map((session) => {
    if (typeof session[`${prefix}revisionId`] !== "string") return undefined;
    const version: Record<string, unknown> = {};
    for (const name of names) version[name.slice(prefix.length)] = session[name];
    return toRecord(AgentVersion, version, served) as AgentVersionRecord;
  });
}

const served: ReadonlySet<string> = new Set(["receivedAt"]);
