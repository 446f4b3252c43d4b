import { LRUCache } from "lru-cache";
import { AgentVersion, type AgentVersionRow } from "../../model/agent-version.js";
import { placeholders, selectList } from "../sql/statements.js";
import { tableOf } from "../sql/table.js";
import type { SqlReader } from "../sql/transaction.js";
import { contentsMarkName } from "../service-settings.js";
import { shapeOf, recordMaker } from "./record.js";
import type { Scope } from "./scope.js";

const revisions = tableOf(AgentVersion);

/** Contents; with a kilobyte or two of each, some ten megabytes at the most. */
const mostKnown = 10_000;

/** Of a version that was edited more often, no content is kept. */
const mostContents = 8;

/**
 * The name of a field of sessions that clients do not see: the mark of all contents of agent versions, when
 * the session was read. Whoever changes a content changes the mark, see {@link changeContentsMark}.
 */
export const contentsMark = "contentsMark";

/** The mark, as a column of any statement. */
export const contentsMarkColumn = `(SELECT c.value FROM service_settings c WHERE c.name = '${contentsMarkName}') AS ${contentsMark}`;

/** Null where nothing has changed since the table of contents was made. */
type Mark = string | null;

/** What a session says of its agent version. */
export interface CarriesVersion {
  readonly agentVersionId: string;
  readonly contentsMark?: Mark;
}

/** Whether these fields of versions are kept. Long texts are not: they would take the memory. */
export function areKept(fields: Iterable<string>): boolean {
  return Array.from(fields).every((name) => kept().has(name as keyof AgentVersionRow));
}

let keptFields: ReadonlySet<keyof AgentVersionRow> | undefined;

function kept(): ReadonlySet<keyof AgentVersionRow> {
  keptFields ??= new Set(
    Array.from(shapeOf(AgentVersion).properties.values())
      .filter(({ kind }) => kind.column.type !== "longText")
      .map(({ name }) => name as keyof AgentVersionRow),
  );
  return keptFields;
}

/**
 * What agent versions say, with each of their contents, by their ids. Contents are kept for as long as none
 * of any version is added or changed by any instance, which the mark says that is read with each session. Of
 * a version with several, the one that is the newest now is read each time, through its sessions.
 */
export class KnownVersions {
  private mark: Mark | undefined;
  /** None of a version that has too many. */
  private readonly contents = new LRUCache<string, readonly AgentVersionRow[]>({
    maxSize: mostKnown,
    sizeCalculation: ({ length }) => Math.max(length, 1),
  });

  /**
   * The versions of these sessions, by their ids, with the content that is the newest within the scope; those
   * of which that is not known are left out. Reads those that are not known.
   */
  async of(
    database: SqlReader,
    scope: Scope,
    sessions: readonly CarriesVersion[],
  ): Promise<ReadonlyMap<string, AgentVersionRow>> {
    const newest = new Map<string, AgentVersionRow>();
    const edited = new Map<string, readonly AgentVersionRow[]>();
    const sort = (id: string, contents: readonly AgentVersionRow[]) => {
      const [only] = contents;
      if (contents.length === 1 && only !== undefined && isWithin(scope, only)) newest.set(id, only);
      else edited.set(id, contents);
    };
    const unknown = new Set<string>();
    for (const { agentVersionId: id, contentsMark: mark } of sessions) {
      const known = mark === this.mark ? this.contents.get(id) : undefined;
      if (known === undefined) unknown.add(id);
      else sort(id, known);
    }
    if (unknown.size > 0)
      for (const [id, contents] of await this.read(database, sessions, [...unknown])) sort(id, contents);
    for (const version of await newestOf(database, scope, edited)) newest.set(version.id, version);
    return newest;
  }

  private async read(
    database: SqlReader,
    sessions: readonly CarriesVersion[],
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, readonly AgentVersionRow[]>> {
    const rows = await database.read<AgentVersionRow & { readonly contentsMark: Mark }>(
      `SELECT ${selectList(revisions, "r", kept())}, ${contentsMarkColumn} FROM agent_version_revisions r
       WHERE r.agent_version_id IN (${placeholders(ids)}) AND (
         SELECT o.id FROM agent_version_revisions o WHERE o.agent_version_id = r.agent_version_id
         LIMIT 1 OFFSET ${mostContents}) IS NULL`,
      ids,
    );
    const [first = sessions[0]] = rows;
    const mark = first?.contentsMark;
    if (mark !== this.mark) this.contents.clear();
    this.mark = mark;
    const contents = new Map<string, AgentVersionRow[]>(ids.map((id) => [id, []]));
    const versions = rows.map(({ contentsMark: _mark, ...row }) => toRecord(row) as AgentVersionRow);
    for (const version of versions) contents.get(version.id)?.push(version);
    for (const [id, known] of contents) this.contents.set(id, known);
    return contents;
  }
}

function isWithin(scope: Scope, { organizationId }: AgentVersionRow): boolean {
  return scope.kind === "all" || organizationId === scope.organizationId;
}

/** The newest content of each version, where it is one of these: see {@link AgentVersionReader.byIds}. */
async function newestOf(
  database: SqlReader,
  scope: Scope,
  edited: ReadonlyMap<string, readonly AgentVersionRow[]>,
): Promise<AgentVersionRow[]> {
  const versions = Array.from(edited.values(), (contents) =>
    contents.filter((content) => isWithin(scope, content)),
  );
  /** One of the contents that an organization has of a version stands for the two. */
  const owners = new Map(
    versions.flat().map((content) => [content.id + content.organizationId, content.revisionId]),
  );
  if (owners.size === 0) return [];
  const rows = await database.read<Newest>(
    `SELECT k.agent_version_id AS id, k.organization_id AS organizationId, (
       SELECT CONCAT(n.revision_source, n.revision_id) FROM sessions n
       WHERE n.organization_id = k.organization_id AND n.agent_version_id = k.agent_version_id
       ORDER BY n.agent_version_id DESC, n.organization_id DESC, n.revision_source DESC LIMIT 1) AS newest
     FROM agent_version_revisions k WHERE k.id IN (${placeholders([...owners])})`,
    [...owners.values()],
  );
  const byOwner = new Map(rows.map(({ id, organizationId, newest }) => [id + organizationId, newest]));
  return versions.flatMap((contents) => newestIn(contents, byOwner) ?? []);
}

/** What an organization's sessions say of a version: the greatest order key, and the revision that has it. */
interface Newest {
  readonly id: string;
  readonly organizationId: string;
  /** Null where no session carries the version any more. */
  readonly newest: string | null;
}

/** @returns undefined where the newest content is none of these */
function newestIn(
  contents: readonly AgentVersionRow[],
  byOwner: ReadonlyMap<string, string | null>,
): AgentVersionRow | undefined {
  let best: { readonly content: AgentVersionRow; readonly rank: string } | undefined;
  for (const content of contents) {
    const { id, organizationId, revisionId, changedAt } = content;
    const newest = byOwner.get(id + organizationId);
    if (newest === undefined) return undefined;
    const carried = newest?.slice(-revisionId.length);
    if (carried !== undefined && !contents.some((each) => each.revisionId === carried)) return undefined;
    if (carried !== undefined && carried !== revisionId) continue;
    const rank = `${newest?.slice(0, -revisionId.length) ?? ""} ${changedAt} ${revisionId}`;
    if (best === undefined || rank > best.rank) best = { content, rank };
  }
  return best?.content;
}

const toRecord = recordMaker(AgentVersion, new Set(["receivedAt", "changedAt"]));
