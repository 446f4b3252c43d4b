import type { AgentVersionReader } from "../store/readers/agent-version.reader.js";
import type { AnalysisReader } from "../store/readers/analysis.reader.js";
import type { MessageReader } from "../store/readers/message.reader.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import type { WebhookEventReader } from "../store/readers/webhook-event.reader.js";
import type { StatsReader } from "../store/readers/stats.reader.js";

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
