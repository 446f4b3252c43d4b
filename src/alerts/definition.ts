import { type FeedKind, overdueKind } from "../events/registry.js";
import type { AlertRuleRow } from "../model/alert.js";
import type { ExpectationKind } from "../model/expectation.js";
import type { Scope } from "../store/readers/scope.js";
import type { Measure } from "./measure.js";

/** What a rule tells of, as the column `definition` holds it in JSON. `filter` is a SessionFilter. */
export type AlertDefinition = FollowingDefinition | StatisticDefinition;

/** Rules that follow the feed. */
export type FollowingDefinition = MatchDefinition | ExpectationDefinition;

/** Each change of a session that matches, at the time it is looked at. */
interface MatchDefinition {
  readonly kind: "match";
  readonly types: readonly FeedKind[];
  readonly filter: object;
}

/** Each expectation that opens. */
interface ExpectationDefinition {
  readonly kind: "expectation";
  /** Null: all of them. */
  readonly expectations: readonly ExpectationKind[] | null;
  readonly filter: object;
}

/** That a statistic of the sessions that started within a window crosses a threshold, and its return. */
export interface StatisticDefinition {
  readonly kind: "statistic";
  readonly filter: object;
  readonly measure: Measure;
  readonly comparison: "above" | "below";
  readonly threshold: number;
  readonly windowSeconds: number;
  /** Of fewer sessions nothing is judged. */
  readonly atLeast: number;
  /** Each agent by itself. */
  readonly isPerAgent: boolean;
}

export function definitionOf({ definition }: Pick<AlertRuleRow, "definition">): AlertDefinition {
  return JSON.parse(definition) as AlertDefinition;
}

/** Whose data a rule reads. */
export function scopeOf({ organizationId, isPersonal }: ScopedRule): Scope {
  const masked = isPersonal === 0;
  return organizationId === null ? { kind: "all", masked } : { kind: "organization", organizationId, masked };
}

type ScopedRule = Pick<AlertRuleRow, "organizationId" | "isPersonal">;

/** The kinds of the feed's entries that a rule looks at. */
export function kindsOf(definition: FollowingDefinition): readonly FeedKind[] {
  return definition.kind === "match" ? definition.types : [overdueKind];
}
