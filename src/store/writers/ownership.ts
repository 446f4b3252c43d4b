import { NotUnderstoodError } from "../../errors.js";

/**
 * An event names a session or message that another organization's events brought: it is kept as a dead
 * letter, nothing is changed.
 */
export class NotOfThisOrganizationError extends NotUnderstoodError {
  constructor(field: string) {
    super([{ field, rule: "must belong to the organization of data.agent_version.organization_id" }]);
  }
}
