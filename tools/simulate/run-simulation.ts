import { setMaxListeners } from "node:events";
import { deliver, pause } from "./deliver.js";
import { DeliveryPlan } from "./delivery-plan.js";
import { Tally, type SimulationSummary } from "./tally.js";

export interface SimulationOptions {
  /** Where to post, for example `http://127.0.0.1:4000/webhooks/whippy`. */
  url: string;
  sessions?: number;
  /** Decides what is sent and in which order: see `GenerateOptions`. */
  seed?: number;
  /** Another value than `seed` (the default) gives new sessions of the same organizations. */
  sessionSeed?: number;
  /** Post the three documented payloads instead of generated ones. */
  samples?: boolean;
  /** Out of order; else each session's deliveries wait for one another. */
  shuffle?: boolean;
  /** The share of deliveries made twice, from 0 to 1. */
  duplicate?: number;
  /** The share of sessions whose analyses all get lost, from 0 to 1: what a receiver must notice. */
  dropAnalyzed?: number;
  /** Milliseconds after which every delivery gets lost, as if Whippy were silent. */
  dropAllAfterMs?: number | undefined;
  /** Deliveries a second; as fast as the concurrency allows where absent. */
  rate?: number | undefined;
  /** How many deliveries are under way at once. */
  concurrency?: number;
  /** Signs the deliveries; they are unsigned where it is absent. */
  secret?: string | undefined;
  timeoutMs?: number;
  /** The wait before the first of three retries; it doubles each time. */
  retryDelayMs?: number;
  /** Stops the simulation early: what is under way is finished, nothing more begins. */
  signal?: AbortSignal;
}

export const SIMULATION_DEFAULTS = {
  sessions: 25,
  seed: 1,
  samples: false,
  shuffle: false,
  duplicate: 0,
  dropAnalyzed: 0,
  concurrency: 8,
  timeoutMs: 15_000,
  retryDelayMs: 500,
} as const;

export interface SimulationProgress {
  deliveries: number;
  failures: number;
  /** How many deliveries there will be: an estimate until the last one is generated. */
  expected: number;
}

/** Told after every delivery. */
export type SimulationReport = (progress: SimulationProgress) => void;

/**
 * Posts simulated deliveries to a service and says what came of them. A refused delivery is counted, not
 * thrown; only what makes the whole simulation impossible is thrown, such as missing samples. It gives up
 * early where a first delivery has failed and nothing has answered yet.
 */
export async function runSimulation(
  options: SimulationOptions,
  report?: SimulationReport,
): Promise<SimulationSummary> {
  const settings = {
    ...SIMULATION_DEFAULTS,
    sessionSeed: options.seed ?? SIMULATION_DEFAULTS.seed,
    ...options,
  };
  const plan = new DeliveryPlan(settings);
  const chains = plan.chains();
  const tally = new Tally();
  // Every waiting worker listens to the signal; Node would take that for a leak.
  if (settings.signal) setMaxListeners(0, settings.signal);
  const silentAt = performance.now() + (settings.dropAllAfterMs ?? Infinity);
  const takeTurn = pacer(settings.rate, settings.signal);
  // Each worker takes the next chain when it has done its last: a generator can be shared, for `next` is
  // synchronous.
  const work = async (): Promise<void> => {
    for (const chain of chains) {
      for (const delivery of chain) {
        await takeTurn();
        if (settings.signal?.aborted || tally.hopeless) return;
        if (delivery.isLost || performance.now() >= silentAt) {
          tally.lose();
          continue;
        }
        tally.conclude(delivery, await deliver(delivery.body, settings, tally.answer));
        report?.({ deliveries: tally.deliveries, failures: tally.failures, expected: plan.expected });
      }
    }
  };
  await Promise.all(Array.from({ length: settings.concurrency }, work));
  return tally.summarize();
}

/** Lets one caller pass at a time, evenly spaced. A late one is not made up for: that would be a burst. */
function pacer(rate: number | undefined, signal: AbortSignal | undefined): () => Promise<void> {
  if (rate === undefined) return () => Promise.resolve();
  let next = performance.now();
  return async () => {
    const turn = Math.max(next, performance.now());
    next = turn + 1000 / rate;
    await pause(turn - performance.now(), signal);
  };
}
