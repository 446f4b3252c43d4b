import { Agent, type AgentRow } from "../../model/agent.js";
import { selectList } from "../sql/statements.js";
import { tableOf } from "../sql/table.js";
import type { SqlReader } from "../sql/transaction.js";
import { currentContents } from "./current-versions.js";
import { compileFilter, type FilterFields, join } from "./filter.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { namedBy } from "./parents.js";
import { positionsIn, shapeOf, storedFor } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/** An agent as it is served. Holds the fields that were asked for. */
export type AgentRecord = AgentRow;

const agents = tableOf(Agent);

/** The fields of AgentFilter and their columns: of the revision `r` that an agent is read from. */
const filterFields: FilterFields = shapeOf(Agent).filterFields;

/**
 * Reads agents within a scope. No table keeps them: an agent's content is the current revision of its newest
 * version. So whatever order events come in, and whatever is erased, there is nothing to keep in step. A
 * statement looks at each version of the agents it is about, and at one session of each. Where organizations
 * share an agent's id, it is the newest within the scope: one id is one thing.
 */
export class AgentReader {
  constructor(private readonly database: SqlReader) {}

  async byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<AgentRecord[]> {
    if (ids.length === 0) return [];
    const found = contentsOf(scope, ids);
    return await this.database.read<AgentRow>(
      `SELECT ${columnsFor(fields, [])} FROM ${found.sql}`,
      found.parameters,
    );
  }

  async page(
    scope: Scope,
    query: { readonly filter: object; readonly order: readonly OrderTerm[]; readonly window: Window },
    fields: Iterable<string>,
  ): Promise<Slice<AgentRecord>> {
    const { conditions, orderBy, limit } = windowSql(query.order, query.window);
    const found = contentsOf(scope);
    const where = join([this.matching(query.filter), ...conditions], "AND");
    const rows = await this.database.read<AgentRow>(
      `SELECT ${columnsFor(fields, query.order)} FROM ${found.sql} AND ${where.sql} ORDER BY ${orderBy} LIMIT ${limit}`,
      [...found.parameters, ...where.parameters],
    );
    return toSlice(rows, query.window, positionsIn(Agent, query.order, asStored));
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const found = contentsOf(scope);
    const where = this.matching(filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM ${found.sql} AND (${where.sql})`,
      [...found.parameters, ...where.parameters],
    );
    return Number(row?.count ?? 0);
  }

  private matching(filter: object): SqlCondition {
    return compileFilter(filter, filterFields, "r", this.database);
  }
}

/**
 * The revisions `r` that agents are read from, up to further conditions.
 * @param ids of the agents; of all where absent
 */
function contentsOf(scope: Scope, ids?: readonly string[]): SqlCondition {
  const among = (alias: string): SqlCondition =>
    ids === undefined ? { sql: "1 = 1", parameters: [] } : namedBy({ alias, column: "agent_id" }, ids);
  const current = currentContents("agent_id", join([among("k"), scopeCondition(scope, "k")], "AND"));
  const asked = among("r");
  return {
    sql: `${current.sql} WHERE ${asked.sql}`,
    parameters: [...current.parameters, ...asked.parameters],
  };
}

/** Ids and organizations are always read, and what cursors are made of. */
function columnsFor(fields: Iterable<string>, order: readonly OrderTerm[]): string {
  const always = ["id", "organizationId", ...order.map(({ property }) => property)] as (keyof AgentRow)[];
  return selectList(agents, "r", storedFor<keyof AgentRow>(Agent, fields, always));
}

/** Nothing of an agent is stored in another form than it is served. */
const asStored: ReadonlySet<string> = new Set();
