import { LRUCache } from "lru-cache";
import { AgentVersion, type AgentVersionRow } from "../../model/agent-version.js";
import { placeholders, selectList } from "../sql/statements.js";
import { tableOf } from "../sql/table.js";
import type { SqlReader } from "../sql/transaction.js";
import { contentsMarkName } from "../service-settings.js";
import { shapeOf, recordMaker } from "./record.js";

const revisions = tableOf(AgentVersion);

/** With kilobytes of each, some megabytes at the most. */
const mostKnown = 10_000;

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
 * Agent versions with one content, which nearly all have, by their ids: their newest content is the only one,
 * and need not be looked for through their sessions. They are kept for as long as no content of any version
 * is added or changed by any instance, which the mark says that is read with each session.
 */
export class KnownVersions {
  private mark: Mark | undefined;
  /** Null: it has several contents. */
  private readonly versions = new LRUCache<string, { readonly only: AgentVersionRow | null }>({
    max: mostKnown,
  });

  /**
   * The versions of these sessions, by their ids; those with several contents are left out. Reads those that
   * are not known.
   */
  async of(
    database: SqlReader,
    sessions: readonly CarriesVersion[],
  ): Promise<ReadonlyMap<string, AgentVersionRow>> {
    const found = new Map<string, AgentVersionRow>();
    const unknown = new Set<string>();
    for (const { agentVersionId: id, contentsMark: mark } of sessions) {
      const known = mark === this.mark ? this.versions.get(id) : undefined;
      if (known === undefined) unknown.add(id);
      else if (known.only !== null) found.set(id, known.only);
    }
    if (unknown.size === 0) return found;
    const ids = [...unknown];
    const rows = await database.read<AgentVersionRow & { readonly contentsMark: Mark }>(
      `SELECT ${selectList(revisions, "r", kept())}, ${contentsMarkColumn} FROM agent_version_revisions r
       WHERE r.agent_version_id IN (${placeholders(ids)}) AND NOT EXISTS (
         SELECT 1 FROM agent_version_revisions o WHERE o.agent_version_id = r.agent_version_id AND o.id <> r.id)`,
      ids,
    );
    const only = new Map(
      rows.map(({ contentsMark: _mark, ...row }) => {
        const version = toRecord(row) as AgentVersionRow;
        return [version.id, version] as const;
      }),
    );
    const [first = sessions[0]] = rows;
    this.keep(first?.contentsMark, ids, only);
    return new Map([...found, ...only]);
  }

  private keep(mark: Mark | undefined, ids: readonly string[], only: ReadonlyMap<string, AgentVersionRow>) {
    if (mark !== this.mark) this.versions.clear();
    this.mark = mark;
    for (const id of ids) this.versions.set(id, { only: only.get(id) ?? null });
  }
}

const toRecord = recordMaker(AgentVersion, new Set(["receivedAt", "changedAt"]));
