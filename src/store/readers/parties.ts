import { partyOf } from "../../model/bookkeeping.js";
import { storedId } from "../../model/kinds.js";
import { partyFields } from "../../model/message.js";
import { placeholders } from "../sql/statements.js";
import { type Comparator, type Filter, isPresent } from "./filter.js";
import type { SqlCondition } from "./scope.js";

/**
 * Parties of which every session has one that lists a message that a filter of messages matches; undefined
 * where the filter does not say.
 */
export function partiesOf(filter: Filter): readonly string[] | undefined {
  for (const name of partyFields) {
    const { eq, in: among } = (filter as Record<string, Comparator<string> | null>)[name] ?? {};
    const stored = name === "contactId" ? storedId : partyOf;
    if (isPresent(eq)) return [stored(eq)];
    if (isPresent(among)) return among.map(stored);
  }
  const { and, or } = filter;
  for (const each of and ?? []) {
    const parties = partiesOf(each);
    if (parties !== undefined) return parties;
  }
  if (!isPresent(or)) return undefined;
  const all = or.map(partiesOf);
  return all.every((parties) => parties !== undefined) ? all.flat() : undefined;
}

/** Rows of session_parties (alias `p`) that are one of these. */
export function isOneOf(parties: readonly string[]): SqlCondition {
  if (parties.length === 0) return { sql: "1 = 0", parameters: [] };
  return { sql: `p.party IN (${placeholders(parties)})`, parameters: parties };
}
