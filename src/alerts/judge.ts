import { v7 as uuidv7 } from "uuid";
import type { AlertRuleRow } from "../model/alert.js";
import { fromDatetime } from "../model/instant.js";
import type { NewAlertMessage } from "../store/alert-outbox.js";
import { StatsReader, type StatsRecord } from "../store/readers/stats.reader.js";
import type { SqlReader } from "../store/sql/transaction.js";
import { scopeOf, type StatisticDefinition } from "./definition.js";
import { readMeasure } from "./measure.js";

/** What became of a statistic: the groups that are beyond the threshold now, and what is to be told. */
export interface Judgement {
  readonly crossed: readonly string[];
  readonly messages: readonly NewAlertMessage[];
}

/** The group of a rule that judges all its sessions together. */
const all = "";
/** Where more groups cross the threshold at once, the others are told at the next look. */
const toldAtOnce = 100;

/**
 * Judges the statistic of a rule. Crossing the threshold is told, and coming back. Too few sessions say
 * nothing: a group stays what it was, until there are enough, or none is left.
 * @param crossed the groups that were beyond the threshold
 */
export async function judge(
  database: SqlReader,
  rule: AlertRuleRow,
  definition: StatisticDefinition,
  crossed: readonly string[],
  at: string,
): Promise<Judgement> {
  const { measure, isPerAgent, atLeast, filter, windowSeconds } = definition;
  const { splits, valueOf } = readMeasure(measure);
  const query = {
    filter: within(filter, Date.parse(fromDatetime(at, 3)) - windowSeconds * 1_000),
    groupBy: isPerAgent ? [{ field: "AGENT" } as const] : [],
  };
  const records = await new StatsReader(database).read(scopeOf(rule), query, splits);
  const groups = new Map(records.map((record) => [isPerAgent ? String(record.values[0]) : all, record]));
  if (!isPerAgent && groups.size === 0) groups.set(all, nothing);
  const now = new Set(crossed);
  const messages: NewAlertMessage[] = [];
  const tell = (group: string, record: StatsRecord | undefined, value: number | null) => {
    if (messages.length >= toldAtOnce) return;
    const kind = now.has(group) ? "RECOVERED" : "CROSSED";
    if (kind === "RECOVERED") now.delete(group);
    else now.add(group);
    messages.push(messageOf(rule, definition, { kind, group, value, count: record?.count ?? 0, at }));
  };
  for (const [group, record] of groups) {
    if (record.count > 0 && record.count < atLeast) continue;
    const value = valueOf(record);
    if (isBeyond(definition, value) !== now.has(group)) tell(group, record, value);
  }
  for (const group of crossed) if (!groups.has(group)) tell(group, undefined, null);
  return { crossed: [...now], messages };
}

function isBeyond({ comparison, threshold }: StatisticDefinition, value: number | null): boolean {
  if (value === null || Number.isNaN(value)) return false;
  return comparison === "above" ? value > threshold : value < threshold;
}

/** Sessions that started within the window, which is the time that statistics are grouped by, too. */
function within(filter: object & { readonly and?: readonly object[] | null }, from: number): object {
  const startedAt = { gte: new Date(from).toISOString() };
  return { ...filter, and: [...(filter.and ?? []), { startedAt }] };
}

interface Told {
  readonly kind: "CROSSED" | "RECOVERED";
  readonly group: string;
  readonly value: number | null;
  readonly count: number;
  readonly at: string;
}

function messageOf(
  rule: AlertRuleRow,
  definition: StatisticDefinition,
  { kind, group, value, count, at }: Told,
): NewAlertMessage {
  const { measure, comparison, threshold, windowSeconds, atLeast } = definition;
  const agentId = group === all ? null : group;
  const facts = { agentId, measure, value, comparison, threshold, count, atLeast, windowSeconds };
  return {
    id: uuidv7(),
    kind,
    eventId: null,
    organizationId: rule.organizationId,
    sessionId: null,
    facts: JSON.stringify(facts),
    receivedAt: at,
  };
}

const nothing: StatsRecord = {
  bucket: null,
  values: [],
  count: 0,
  messageCount: 0,
  failedMessageCount: 0,
  manualMessageCount: 0,
  manualCount: 0,
  timedCount: 0,
  seconds: 0,
  ratings: new Map(),
  sentiments: new Map(),
};
