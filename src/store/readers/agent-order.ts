import { AgentVersion } from "../../model/agent-version.js";
import { tableOf } from "../sql/table.js";
import { demand } from "./filter.js";
import type { OrderTerm } from "./page.js";

/** One key of an order, by the name of its sort key. */
export interface SortKey {
  readonly field: string;
  readonly descending: boolean;
}

const mostOrderTerms = 5;

type Columns = Readonly<Record<string, Omit<OrderTerm, "descending">>>;

const versions = tableOf(AgentVersion);
const organization = { property: "organizationId", column: "r.organization_id", nullable: false } as const;
const name = { property: "name", column: "r.name", nullable: true } as const;

/** Sort keys of agents, and the columns of the revision that an agent is read from. */
export const agentSortKeys = {
  ID: { property: "id", column: "r.agent_id", nullable: false },
  NAME: name,
} as const satisfies Columns;

/** Sort keys of agent versions, and the columns of their current revision. */
export const agentVersionSortKeys = {
  ID: { property: "id", column: "r.agent_version_id", nullable: false },
  NAME: name,
  RECEIVED_AT: { property: "receivedAt", column: versions.value("receivedAt", "r"), nullable: false },
  CHANGED_AT: { property: "changedAt", column: versions.value("changedAt", "r"), nullable: false },
} as const satisfies Columns;

/**
 * An order of agents or of their versions: by id where no key is given. Ties are broken by id, then by
 * organization.
 * @throws BadInputError where there are too many keys
 */
export function orderOf(
  keys: Columns & { readonly ID: Columns[string] },
  by: readonly SortKey[],
): OrderTerm[] {
  demand(by.length <= mostOrderTerms, "orderBy", `must not have more than ${mostOrderTerms} keys`);
  const descending = by.at(-1)?.descending ?? false;
  const chosen = by.flatMap(({ field, descending: isDescending }) => {
    const term = keys[field];
    return term === undefined ? [] : [{ ...term, descending: isDescending }];
  });
  return [...chosen, { ...keys.ID, descending }, { ...organization, descending }];
}
