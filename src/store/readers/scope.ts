import type { SqlValue } from "../sql/transaction.js";

/**
 * Whose data a caller may read: one organization's, or all (operators, and whoever runs the service on their
 * own machine); `masked` where personal data must be withheld (see mask.ts). Readers of sessions, and of what
 * hangs on them, demand it, so no query can be written that forgets it. WebhookEventReader takes none
 * (operators only). FeedReader's is optional: the fan-out reads all entries once, and applies each
 * subscriber's scope before it tells.
 */
export type Scope = (
  { readonly kind: "organization"; readonly organizationId: string } | { readonly kind: "all" }
) & { readonly masked: boolean };

/** For the service's own use and for operators. Only src/access gives it to a caller. */
export const everything: Scope = { kind: "all", masked: false };

/** A piece of SQL with its parameters. */
export interface SqlCondition {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** The condition that keeps a table's rows within the scope. */
export function scopeCondition(scope: Scope, alias: string): SqlCondition {
  return scope.kind === "all"
    ? { sql: "1 = 1", parameters: [] }
    : { sql: `${alias}.organization_id = ?`, parameters: [scope.organizationId] };
}
