import { sessions } from "../tables/sessions.table.js";
import { demand } from "./filter.js";
import type { OrderTerm } from "./page.js";

export type SessionOrderField =
  | "startedAt"
  | "endedAt"
  | "analyzedAt"
  | "createdAt"
  | "updatedAt"
  | "messageCount"
  | "lifecycle"
  | "chatCompletionRating"
  | "userSentiment"
  | "endedReason"
  | "language"
  | "organizationId"
  | "agentId";

const nullableOrders: ReadonlySet<SessionOrderField> = new Set([
  "startedAt",
  "endedAt",
  "analyzedAt",
  "chatCompletionRating",
  "userSentiment",
  "endedReason",
  "language",
]);

const mostOrderTerms = 5;

/** An order of sessions; ties are broken by id, so every order is total. */
export function sessionOrder(
  terms: readonly { readonly field: SessionOrderField; readonly descending: boolean }[],
): OrderTerm[] {
  demand(terms.length <= mostOrderTerms, "orderBy", `must not hold more than ${mostOrderTerms} terms`);
  const chosen = terms.length === 0 ? [{ field: "startedAt" as const, descending: true }] : terms;
  return [
    ...chosen.map(({ field, descending }) => ({
      property: field,
      column: `s.${sessions.column(field)}`,
      nullable: nullableOrders.has(field),
      descending,
    })),
    { property: "id", column: "s.id", nullable: false, descending: chosen.at(-1)?.descending ?? true },
  ];
}

/** The orders of lists and of exports: an index is kept in each, and can be walked either way. */
const keptOrders: ReadonlySet<string> = new Set(["startedAt DESC, id DESC", "id ASC"]);

/** Whether the rows stand in this order, or in its reverse, in an index. */
export function isKept(order: readonly OrderTerm[]): boolean {
  const spelled = (reversed: boolean) =>
    order
      .map(({ property, descending }) => `${property} ${descending === reversed ? "ASC" : "DESC"}`)
      .join(", ");
  return keptOrders.has(spelled(false)) || keptOrders.has(spelled(true));
}
