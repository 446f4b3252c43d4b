import type { Delays } from "../store/expectations/habits.js";
import { defaultFirstLooks, type FirstLooks } from "../store/writers/session.writer.js";

/** How long something is waited for before it is overdue, in milliseconds. */
export interface Waits {
  readonly end: number;
  readonly analysis: number;
}

/** What is set, and need not be learned. */
export type SetWaits = { readonly [Name in keyof Waits]: number | undefined };

/** The settings, in milliseconds. */
export function setWaits({ analysisSeconds, endSeconds }: WaitSettings): SetWaits {
  const milliseconds = (seconds: number | undefined) => seconds && seconds * second;
  return { end: milliseconds(endSeconds), analysis: milliseconds(analysisSeconds) };
}

/** When events have their sessions looked at first: before anything can be overdue. */
export function firstLooks(settings: WaitSettings | undefined): FirstLooks {
  const set = settings && setWaits(settings);
  return {
    end: Math.min(set?.end ?? Infinity, defaultFirstLooks.end),
    analysis: Math.min(set?.analysis ?? Infinity, defaultFirstLooks.analysis),
  };
}

interface WaitSettings {
  readonly analysisSeconds: number | undefined;
  readonly endSeconds: number | undefined;
}

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;

/** Of fewer sessions nothing is learned. */
const leastDelays = 100;
/** What is longer than usual by less than this is no reason to call anybody. */
const margin = 1.5;
const percentile = 0.99;

const unlearned: Waits = { end: 7 * day, analysis: hour };
const bounds = {
  end: { least: defaultFirstLooks.end, most: 30 * day },
  analysis: { least: defaultFirstLooks.analysis, most: day },
} as const;

/**
 * How long an organization's sessions are waited for: an analysis for the 99th percentile of its last ones
 * and half as long again, an end for the longest of its last sessions and half as long again; what is set
 * counts before what is learned.
 */
export function learnWaits({ ends, analyses }: Delays, set: SetWaits): Waits {
  return {
    end: set.end ?? learned("end", ends, 1),
    analysis: set.analysis ?? learned("analysis", analyses, percentile),
  };
}

function learned(name: keyof Waits, delays: readonly number[], share: number): number {
  if (delays.length < leastDelays) return unlearned[name];
  const sorted = delays.toSorted((a, b) => a - b);
  const usual = sorted[Math.ceil(share * sorted.length) - 1] ?? unlearned[name];
  const { least, most } = bounds[name];
  return Math.min(most, Math.max(least, usual * margin));
}
