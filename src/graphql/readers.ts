import type { GraphQLResolveInfo } from "graphql";
import type { Caller } from "../access/caller.js";
import type { AgentVersionReader } from "../store/readers/agent-version.reader.js";
import type { AnalysisReader } from "../store/readers/analysis.reader.js";
import { storedId } from "../model/kinds.js";
import type { MessageReader } from "../store/readers/message.reader.js";
import type { Scope } from "../store/readers/scope.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import type { WebhookEventReader } from "../store/readers/webhook-event.reader.js";
import type { StatsReader } from "../store/readers/stats.reader.js";
import type { RequestContext } from "./context.js";

/** All that resolvers read from. Every method demands the caller's scope, but for those of `webhookEvents`. */
export interface Readers {
  readonly sessions: SessionReader;
  readonly messages: MessageReader;
  readonly agentVersions: AgentVersionReader;
  readonly analyses: AnalysisReader;
  /** Raw events of all organizations: for operators only, which the resolver demands. */
  readonly webhookEvents: WebhookEventReader;
  readonly stats: StatsReader;
}

/** The readers of one operation. */
export interface OperationReaders {
  readonly readers: Readers;
  /** Reads nothing more, whatever is still asked for. */
  end(): void;
}

/** Makes readers for each operation, so that what it reads counts to its caller, and ends with it. */
export interface ReaderSource {
  /** @param isGone whether nobody waits for the answer any more */
  forOperation(caller: Caller, isGone: () => boolean): OperationReaders;
  /** For an event that is told to all subscribers of a scope. */
  forSubscribers(scope: Scope): OperationReaders;
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

/** What a client names by its id, read together with all that the same field asks for; null where there is none (for the caller). */
export async function byId<Row extends { readonly id: string }, Field>(
  id: string,
  reader: { byIds(scope: Scope, ids: readonly string[], fields: Iterable<Field>): Promise<Row[]> },
  fields: Iterable<Field>,
  { context, info }: { readonly context: RequestContext; readonly info: GraphQLResolveInfo },
): Promise<Row | null> {
  return await context.load(info, storedId(id), async (ids) =>
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
