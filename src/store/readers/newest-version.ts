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
 * {@link AgentVersionReader.byIds} finds it, within the scope.
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
  const newest = (organization: string) =>
    `(SELECT n.id FROM sessions n WHERE n.organization_id = ${organization} AND n.agent_version_id = s.agent_version_id
      ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1)`;
  // Organizations may share a version's id, and one id is one thing: then it is the newest of all of them.
  const newestInScope =
    scope.kind === "organization"
      ? newest("s.organization_id")
      : `(SELECT m.id FROM agent_versions o JOIN sessions m ON m.id = ${newest("o.organization_id")}
          WHERE o.id = s.agent_version_id ORDER BY m.revision_source DESC LIMIT 1)`;
  return {
    columns: selectList(revisions, "v", columns, prefix),
    join: `LEFT JOIN sessions w ON w.id = ${newestInScope} LEFT JOIN agent_version_revisions v ON v.id = w.revision_id`,
  };
}

/** The newest versions that were read with sessions of one statement; undefined where not all were. */
export function newestVersionsOf(sessions: readonly object[]): AgentVersionRecord[] | undefined {
  const [first = {}] = sessions;
  const names = Object.keys(first).filter((name) => name.startsWith(prefix));
  const known: AgentVersionRecord[] = [];
  for (const session of sessions as readonly Readonly<Record<string, unknown>>[]) {
    if (typeof session[`${prefix}revisionId`] !== "string") return undefined;
    const version: Record<string, unknown> = {};
    for (const name of names) version[name.slice(prefix.length)] = session[name];
    known.push(toRecord(AgentVersion, version, served) as AgentVersionRecord);
  }
  return known;
}

const served: ReadonlySet<string> = new Set(["receivedAt"]);
