import { setTimeout as delay } from "node:timers/promises";
import type { Awoken } from "./audience.js";
import { deliver, type Delivery, type Load, operation } from "./events.js";
import { ask, type Part, residentBytes, startAudience, startService, stop } from "./processes.js";
import { metric } from "../../test/support/metrics.js";

/** How the readers fared while some others never read, and what those cost. */
export interface StalledFigures {
  readonly stalled: number;
  readonly readers: Delivery;
  /** Resident memory of the service. */
  readonly megabytes: { readonly start: number; readonly greatest: number; readonly end: number };
  /** What the stalled would hold in the service's memory if everything they were owed waited there. */
  readonly unboundedMegabytes: number;
  /** How they ended; undefined where nobody stalled. */
  readonly letGo?: {
    readonly count: number;
    /** Since the first event. */
    readonly afterSeconds: number;
    readonly code: number;
    readonly reason: string;
  };
}

/**
 * Those who never read ask for the transcripts too, which are large here, so that whatever waits for them
 * soon shows in memory.
 */
const stalledOperation = operation.replace("messageCount", "messageCount chatTranscript");
const transcript = 28_000;
const warmUp = { events: 100, perSecond: 20, transcript };
/** Beyond SUBSCRIPTION_STALL_SECONDS. */
const longestWaitMilliseconds = 60_000;

/** Measures the service with so many who never read among its subscribers. */
export async function measureStalled(
  databaseUrl: string,
  { stalled, subscribers, load }: { stalled: number; subscribers: number; load: Load },
): Promise<StalledFigures> {
  const service = await startService(databaseUrl);
  const readers = await startAudience({
    address: service.address,
    operation,
    subscribers,
    stalled: 0,
    stalledOperation,
  });
  let sleepers: Part | undefined;
  try {
    await deliver(service, readers, warmUp, subscribers);
    sleepers = await startAudience({
      address: service.address,
      operation,
      subscribers: 0,
      stalled,
      stalledOperation,
    });
    const start = await residentBytes(service);
    const memory = [start];
    const begun = Date.now();
    const sampling = setInterval(() => {
      void residentBytes(service).then((bytes) => memory.push(bytes));
    }, 250);
    const { delivery } = await deliver(service, readers, { ...load, transcript }, subscribers);
    const end = await residentBytes(service);
    const awoken = await wakeOnceLetGo(service, sleepers, { stalled, subscribers });
    const letGoAt = Date.now();
    clearInterval(sampling);
    const [first] = awoken;
    return {
      stalled,
      readers: delivery,
      megabytes: {
        start: inMegabytes(start),
        greatest: inMegabytes(Math.max(...memory)),
        end: inMegabytes(end),
      },
      unboundedMegabytes: inMegabytes(stalled * load.events * (first?.bytes ?? 0)),
      ...(first && {
        letGo: {
          count: awoken.filter(({ code }) => code === first.code).length,
          afterSeconds: Math.round((letGoAt - begun) / 1_000),
          code: first.code,
          reason: first.reason,
        },
      }),
    };
  } finally {
    if (sleepers) await stop(sleepers);
    await stop(readers);
    await stop(service);
  }
}

/**
 * Waits until the service counts the readers alone among its subscribers; only then the others look at their
 * sockets again.
 */
async function wakeOnceLetGo(
  service: Part,
  sleepers: Part,
  { stalled, subscribers }: { stalled: number; subscribers: number },
): Promise<readonly Awoken[]> {
  if (stalled === 0) return [];
  const deadline = Date.now() + longestWaitMilliseconds;
  while ((await openSubscriptions(service)) > subscribers) {
    if (Date.now() > deadline) throw new Error("Those who never read were not let go.");
    await delay(250);
  }
  return await ask<readonly Awoken[]>(sleepers, "awake");
}

async function openSubscriptions({ address }: Part): Promise<number> {
  return await metric(address, "graphql_subscriptions_open");
}

function inMegabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
