import { Session } from "../../model/session.js";
import { demand } from "./filter.js";
import { onceFor } from "./once.js";
import type { OrderTerm } from "./page.js";
import { shapeOf } from "./record.js";

const mostOrderTerms = 5;

interface Term {
  readonly field: string;
  readonly descending: boolean;
}

/**
 * An order of sessions by fields with a sort key; ties are broken by id, so every order is total.
 * @throws BadInputError where there are too many terms
 */
export function sessionOrder(terms: readonly Term[]): readonly OrderTerm[] {
  demand(terms.length <= mostOrderTerms, "orderBy", `must not have more than ${mostOrderTerms} keys`);
  return terms.length === 0 ? latestFirst : total(terms);
}

function total(terms: readonly Term[]): readonly OrderTerm[] {
  return [
    ...terms.map(({ field, descending }) => ({ property: field, ...columnOf(field), descending })),
    { property: "id", column: "s.id", nullable: false, descending: terms.at(-1)?.descending ?? true },
  ];
}

function columnOf(field: string): Pick<OrderTerm, "column" | "nullable"> {
  const property = shapeOf(Session).properties.get(field);
  if (property?.traits.sortKey === undefined) throw new Error(`Sessions cannot be sorted by ${field}.`);
  return { column: `s.${property.column}`, nullable: property.traits.nullable ?? false };
}

/** The orders of lists and of exports: an index is kept in each, and can be walked either way. */
const keptOrders: ReadonlySet<string> = new Set(["startedAt DESC, id DESC", "id ASC"]);

/** Whether the rows stand in this order, or in its reverse, in an index. */
export const isKept = onceFor((order: readonly OrderTerm[]): boolean => {
  const spelled = (reversed: boolean) =>
    order
      .map(({ property, descending }) => `${property} ${descending === reversed ? "ASC" : "DESC"}`)
      .join(", ");
  return keptOrders.has(spelled(false)) || keptOrders.has(spelled(true));
});

/** The order of lists: the same object each time. */
const latestFirst = total([{ field: "startedAt", descending: true }]);
