import type { GraphQLResolveInfo } from "graphql";
import { storedId } from "../model/kinds.js";
import type { Scope } from "../store/readers/scope.js";
import type { RequestContext } from "./context.js";

/** Puts rows in the order of the keys that a batch asked for; what was not found is null. */
export function inOrder<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

interface ReaderByIds<Row, Field> {
  byIds(scope: Scope, ids: readonly string[], fields: Iterable<Field>): Promise<Row[]>;
}

/** The field that asks. */
interface Asker {
  readonly context: RequestContext;
  readonly info: GraphQLResolveInfo;
}

/**
 * What a client names by its id, read together with all that the same field asks for; null where there is
 * none (for the caller).
 */
export async function byId<Row extends { readonly id: string }, Field>(
  id: string,
  reader: ReaderByIds<Row, Field>,
  fields: Iterable<Field>,
  { context, info }: Asker,
): Promise<Row | null> {
  return await byStoredId(storedId(id), reader, fields, { context, info });
}

/** The same of an id that a row names. */
export async function byStoredId<Row extends { readonly id: string }, Field>(
  id: string,
  reader: ReaderByIds<Row, Field>,
  fields: Iterable<Field>,
  { context, info }: Asker,
): Promise<Row | null> {
  return await context.load(info, id, async (ids) =>
    inOrder(ids, await reader.byIds(context.scope, ids, fields), (row) => row.id),
  );
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
