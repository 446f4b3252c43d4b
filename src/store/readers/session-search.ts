import type { SqlReader } from "../sql/transaction.js";
import { type Filter, isPresent } from "./filter.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";
import { sessionConditions } from "./session-filter.js";

/** Ids are random, so the first ones are a fair sample. */
const sampleSize = 500;

/**
 * Collecting a session through MySQL's full-text index takes about as long as looking at the words of so many
 * sessions.
 */
const looksPerFound = 2;

interface SearchingFilter extends Filter {
  readonly search?: string | null;
}

/**
 * The conditions of a filter for statements that find all sessions that match: counts, statistics, lists in
 * an order that no index keeps, and pages of what is rare. A full-text index collects every session that
 * holds the words before anything else is asked: half a minute where most of a million do. A sample tells
 * whether it is less work to look at the words of each session that the rest of the filter leaves. (SQLite's
 * index is as quick either way.)
 * @param further what else the statement asks of the sessions
 */
export async function conditionsOfAll(
  database: SqlReader,
  scope: Scope,
  filter: SearchingFilter,
  further: readonly SqlCondition[] = [],
): Promise<readonly SqlCondition[]> {
  const { dialect } = database;
  const all = sessionConditions(scope, filter, { dialect });
  const searches = searchesOf(filter);
  if (searches.length === 0 || !dialect.hasFullTextIndexes) return all;
  const rest = withoutSearches(filter);
  const asked =
    searches.length === 1 ? { search: searches[0] } : { and: searches.map((search) => ({ search })) };
  const [, words] = sessionConditions(scope, asked, { dialect, form: "each" });
  const [, left] = sessionConditions(scope, rest, { dialect, form: "each" });
  const others = [scopeCondition(scope, "s"), left, ...further];
  const [sample] = await database.read<{ found: number | string | null; others: number | string | null }>(
    `SELECT SUM(CASE WHEN ${words.sql} THEN 1 ELSE 0 END) AS found,
       SUM(CASE WHEN ${others.map(({ sql }) => sql).join(" AND ")} THEN 1 ELSE 0 END) AS others
     FROM (SELECT id FROM sessions ORDER BY id LIMIT ${sampleSize}) sample JOIN sessions s ON s.id = sample.id`,
    [words, ...others].flatMap(({ parameters }) => parameters),
  );
  if (Number(sample?.others) >= looksPerFound * Number(sample?.found)) return all;
  return [...sessionConditions(scope, rest, { dialect }), words];
}

/** What is searched for in every case: by the filter itself, or by what must hold too. */
function searchesOf({ search, and }: SearchingFilter): string[] {
  return [...(isPresent(search) ? [search] : []), ...(and ?? []).flatMap(searchesOf)];
}

function withoutSearches({ search: _search, and, ...others }: SearchingFilter): Filter {
  return isPresent(and) ? { ...others, and: and.map(withoutSearches) } : others;
}
