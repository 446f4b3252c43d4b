import "reflect-metadata";
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { createReaders } from "../support/rehearsal/api-keys.js";
import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { milliseconds } from "../support/rehearsal/figures.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { Memory } from "../support/rehearsal/memory.js";
import type { AbuseOrder } from "./abusers.js";
import { SoakAudience } from "./audience.js";
import { Dashboard } from "./dashboard.js";

/**
 * `npm run soak`: the built service on MariaDB for a long while, with well-behaved clients, subscribers that
 * stall and clients that abuse. Prints what its memory does after warming up, and what the well-behaved saw.
 * Exits with 1 where that is not as it must be.
 */
const options = new Command()
  .option("--minutes <n>", "how long, 4 at least", minutes, 20)
  .option("--per-second <n>", "events delivered, signed", positive, 50)
  .option("--subscribers <n>", "subscribers, those who stall among them", positive, 200)
  .option("--stalled <n>", "subscribers who never read", positive, 10)
  .parse()
  .opts<{ minutes: number; perSecond: number; subscribers: number; stalled: number }>();

const steepest = 1;
/** A quarter of the time, at most five minutes. */
const warmUpSeconds = Math.min(300, options.minutes * 15);
const recoverySeconds = 60;
/**
 * Answers that nobody reads come and go, up to hundreds of megabytes that the service allows. So memory is
 * judged by what is left in pauses, when they are gone.
 */
const abuseSeconds = 100;
const pauseSeconds = 20;

const server = await DatabaseServer.start();
let service: BuiltService | undefined;
let problems: readonly string[] = [];
try {
  const url = await server.createAccount();
  service = await BuiltService.start({ DATABASE_URL: url });
  const [own, stalledToken = "", ...tokens] = await createReaders(url, 6);
  const order: AbuseOrder = { url: service.url, tokens, stalledToken, stalled: options.stalled };
  problems = await soak(service, own, order);
} finally {
  await service?.stop("SIGKILL");
  await server.stop();
}
console.log(problems.length === 0 ? "All as it must be." : "FAILED");
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);

async function soak(tested: BuiltService, token: string | undefined, order: AbuseOrder): Promise<string[]> {
  const sentAt = new Map<string, number>();
  const audience = new SoakAudience({ url: tested.url, token }, sentAt);
  await audience.gather(options.subscribers - options.stalled);
  const deliveries = new Deliveries(tested.url, {
    perSecond: options.perSecond,
    transcript: 4_000,
    firstSent: sentAt,
  });
  const dashboard = new Dashboard({ url: tested.url, token }, tested);
  const memory = new Memory(tested, 2_000);
  const times: Record<string, number> = {};
  for (const end = performance.now() + options.minutes * 60_000; performance.now() < end;) {
    for (const [abuse, count] of Object.entries(await abusedFor(abuseSeconds, order)))
      times[abuse] = (times[abuse] ?? 0) + count;
    const resume = memory.pause();
    await delay(pauseSeconds * 1_000);
    resume();
  }
  const atEnd = tested.problems();
  await memory.stop();
  await dashboard.stop();
  await deliveries.finish(recoverySeconds);
  const ids = new Set(deliveries.acknowledged.map(({ sessionId }) => sessionId));
  await audience.untilHeard(ids.size, recoverySeconds);
  const found = await audit(server, deliveries.acknowledged);
  const readers = options.subscribers - options.stalled;
  const exact = audience.exact(ids);
  const slope = memory.floorSlopeAfter(warmUpSeconds);
  const errors = [
    ...(deliveries.refused > 0 ? [`${deliveries.refused} deliveries were not taken at once.`] : []),
    ...audience.errors,
    ...dashboard.errors,
  ];
  console.table({
    minutes: options.minutes,
    "events acknowledged": ids.size,
    "lost, half-stored, falsely dead": `${found.lost}, ${found.halfStored}, ${found.falselyDead}`,
    "deliveries p50 / p99, ms": percentiles(deliveries.latency),
    "pushes p50 / p99, ms": percentiles(audience.latency),
    "queries p50 / p99, ms": percentiles(dashboard.latency),
    "subscribers with exactly all events": `${exact} of ${readers}`,
    "errors of the well-behaved": deliveries.refused + audience.errors.length + dashboard.errors.length,
    "resident MB: start, after warm-up, most, end": residents(memory),
    "resident MB in each pause": memory.floors.map(({ megabytes }) => Math.round(megabytes)).join(" "),
    [`resident MB a minute after ${warmUpSeconds} s: in pauses, all`]: `${slope.toFixed(2)}, ${memory.slopeAfter(warmUpSeconds).toFixed(2)}`,
    ...times,
  });
  return [
    ...atEnd,
    ...deliveries.problems(),
    ...auditProblems(found),
    ...counted(errors),
    ...(exact < readers ? [`${readers - exact} subscribers did not hear exactly of all events.`] : []),
    ...(!(slope <= steepest) ? [`Memory grows by ${slope.toFixed(2)} MB a minute.`] : []),
  ];
}

/** Lets clients abuse for a while. @returns how often each did what it does */
async function abusedFor(seconds: number, order: AbuseOrder): Promise<Record<string, number>> {
  // It ends with this process: see abusers.ts.
  const abusers = fork(fileURLToPath(new URL("abusers.ts", import.meta.url)), [JSON.stringify(order)], {
    execArgv: ["--import", "tsx"],
  });
  await delay(seconds * 1_000);
  abusers.send("times");
  const [times] = (await once(abusers, "message")) as [Record<string, number>];
  abusers.disconnect();
  await once(abusers, "exit");
  return times;
}

function percentiles(latency: { percentile(share: number): number }): string {
  return `${milliseconds(latency.percentile(50))} / ${milliseconds(latency.percentile(99))}`;
}

function residents({ samples, greatest, last }: Memory): string {
  const warm = samples.find(({ seconds }) => seconds >= warmUpSeconds);
  const [start, after] = [samples[0], warm].map((sample) => Math.round(sample?.megabytes ?? Number.NaN));
  return `${start ?? ""}, ${after ?? ""}, ${greatest}, ${last}`;
}

/** Each text once, with how often it was said. */
function counted(texts: readonly string[]): string[] {
  return [...new Set(texts)]
    .slice(0, 20)
    .map((text) => `${texts.filter((each) => each === text).length} × ${text}`);
}

/** Memory is judged by two pauses at least. */
function minutes(text: string): number {
  if (positive(text) < 4) throw new InvalidArgumentError("It must be 4 at least.");
  return positive(text);
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}
