import { storedId } from "../model/kinds.js";
import type { Scope } from "../store/readers/scope.js";
import type { RequestContext } from "./context.js";

interface ReaderByIds<Row> {
  byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<Row[]>;
}

/** What a client names by its id; null where there is none (for the caller). */
export async function byId<Row extends { readonly id: string }>(
  id: string,
  reader: ReaderByIds<Row>,
  fields: Iterable<string>,
  { scope }: RequestContext,
): Promise<Row | null> {
  const [row] = await reader.byIds(scope, [storedId(id)], fields);
  return row ?? null;
}

/** What rows name by stored ids, in the order of the ids. */
export async function byStoredIds<Row extends { readonly id: string }>(
  ids: readonly string[],
  reader: ReaderByIds<Row>,
  fields: Iterable<string>,
  { scope }: RequestContext,
): Promise<(Row | null)[]> {
  return inOrder(ids, await reader.byIds(scope, different(ids), fields), (row) => row.id);
}

/** Each key once: what many ask for is read once. */
export function different<Key>(keys: readonly Key[]): Key[] {
  return [...new Set(keys)];
}

/** Puts rows in the order of the keys that a batch asked for; what was not found is null. */
export function inOrder<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

/** Groups rows under the keys that a batch asked for. */
export function grouped<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): Row[][] {
  const groups = new Map<Key, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(keyOf(row))?.push(row);
  return keys.map((key) => groups.get(key) ?? []);
}

/**
 * Counts for many parents, in one statement that is sent once the first of them asks; parents that are left
 * out have none.
 */
export function countsOfEach(
  read: () => Promise<ReadonlyMap<string, number>>,
): (key: string) => () => Promise<number> {
  let counts: Promise<ReadonlyMap<string, number>> | undefined;
  return (key) => async () => {
    counts ??= read();
    return (await counts).get(key) ?? 0;
  };
}
