import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./compare.js";
import { deliver, type Delivery, type Load, operation } from "./fan-out/events.js";
import {
  type Part,
  processorTime,
  residentBytes,
  startAudience,
  startBare,
  startService,
  stop,
} from "./fan-out/processes.js";
import { measureStalled, type StalledFigures } from "./fan-out/stalled.js";

/** What the fan-out benchmark found. */
export interface FanOutFigures {
  readonly subscribers: number;
  readonly eventsPerSecond: number;
  readonly comparison?: Comparison;
  readonly stalled: readonly StalledFigures[];
  readonly idle: readonly IdleMemory[];
}

interface Comparison {
  readonly rounds: number;
  readonly ours: Figures;
  /** A `ws` server that broadcasts the same bytes and does nothing else. */
  readonly bare: Figures;
  /**
   * Ours divided by the bare server's: the median of the rounds' ratios, because what disturbs a round
   * disturbs both its halves.
   */
  readonly ratio: { readonly deliveredPerSecond: number; readonly p50: number; readonly p99: number };
}

/** The median of the rounds, but the greatest memory and the smallest share. */
interface Figures extends Delivery {
  /** Processor time of the server for one event, milliseconds. */
  readonly processor: number;
  /** Resident memory of the server under this load. */
  readonly megabytes: number;
}

interface IdleMemory {
  readonly subscribers: number;
  readonly megabytes: number;
  /** Beyond the server without any. */
  readonly kilobytesEach: number;
}

export interface FanOutOptions {
  readonly databaseUrl?: string;
  readonly subscribers: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** Of service and bare server in turn; none skips the comparison. */
  readonly rounds: number;
  /** Numbers of idle subscribers whose memory is measured. */
  readonly idle: readonly number[];
  /** Numbers of subscribers beside the others that never read. */
  readonly stalled: readonly number[];
}

const noOneStalled = { stalled: 0, stalledOperation: "" };
const warmUp = { events: 40, perSecond: 20 };

/**
 * Measures the service beside the bare server; each runs in a process of its own, and so do the subscribers.
 */
export async function measureFanOut(options: FanOutOptions): Promise<FanOutFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), "fan-out-"));
  const databaseUrl = options.databaseUrl ?? `sqlite:${path.join(folder, "bench.sqlite")}`;
  const { subscribers, eventsPerSecond, rounds, seconds } = options;
  const load = { events: Math.round(eventsPerSecond * seconds), perSecond: eventsPerSecond };
  try {
    const comparison = rounds > 0 ? await compareWithBare(databaseUrl, load, options) : undefined;
    const stalled: StalledFigures[] = [];
    for (const count of options.stalled)
      stalled.push(await measureStalled(databaseUrl, { stalled: count, subscribers, load }));
    const idle: IdleMemory[] = [];
    for (const count of options.idle) idle.push(await measureIdle(databaseUrl, count));
    return { subscribers, eventsPerSecond, ...(comparison && { comparison }), stalled, idle };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Pair {
  readonly ours: Figures;
  readonly bare: Figures;
}

/**
 * Gives both servers the same load in rounds, taking turns in who is first. Round 0 warms up and is not
 * counted.
 */
async function compareWithBare(
  databaseUrl: string,
  load: Load,
  { subscribers, rounds }: FanOutOptions,
): Promise<Comparison> {
  const started: Part[] = [];
  const audienceOf = async ({ address }: Part) => {
    const audience = await startAudience({ address, operation, subscribers, ...noOneStalled });
    started.unshift(audience);
    return audience;
  };
  try {
    const service = await startService(databaseUrl);
    started.unshift(service);
    const serviceAudience = await audienceOf(service);
    const { message } = await deliver(service, serviceAudience, warmUp, subscribers);
    const bare = await startBare(message);
    started.unshift(bare);
    const bareAudience = await audienceOf(bare);

    const pairs: Pair[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const current = round === 0 ? warmUp : load;
      const oursFirst = round % 2 === 0;
      const early = oursFirst ? await measure(service, serviceAudience, current, subscribers) : undefined;
      const bareFigures = await measure(bare, bareAudience, current, subscribers);
      const ours = early ?? (await measure(service, serviceAudience, current, subscribers));
      console.error(`round ${round}: ${JSON.stringify({ ours, bare: bareFigures })}`);
      if (round > 0) pairs.push({ ours, bare: bareFigures });
    }
    return summarise(pairs);
  } finally {
    for (const part of started) await stop(part);
  }
}

async function measure(server: Part, audience: Part, load: Load, subscribers: number): Promise<Figures> {
  const memory = [await residentBytes(server)];
  const sampling = setInterval(() => {
    void residentBytes(server).then((bytes) => memory.push(bytes));
  }, 500);
  const processorBefore = await processorTime(server);
  const { delivery } = await deliver(server, audience, load, subscribers);
  const processor = ((await processorTime(server)) - processorBefore) / load.events;
  clearInterval(sampling);
  return { ...delivery, processor, megabytes: Math.round(Math.max(...memory) / 1e6) };
}

function summarise(pairs: readonly Pair[]): Comparison {
  const ratio = (of: (figures: Figures) => number) =>
    Math.round(median(pairs.map(({ ours, bare }) => of(ours) / of(bare))) * 100) / 100;
  return {
    rounds: pairs.length,
    ours: middle(pairs.map(({ ours }) => ours)),
    bare: middle(pairs.map(({ bare }) => bare)),
    ratio: {
      deliveredPerSecond: ratio((figures) => figures.deliveredPerSecond),
      p50: ratio((figures) => figures.p50),
      p99: ratio((figures) => figures.p99),
    },
  };
}

function middle(rounds: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(rounds.map(pick));
  return {
    deliveredPerSecond: of((figures) => figures.deliveredPerSecond),
    deliveredShare: Math.min(...rounds.map(({ deliveredShare }) => deliveredShare)),
    p50: of((figures) => figures.p50),
    p99: of((figures) => figures.p99),
    processor: of((figures) => figures.processor),
    megabytes: Math.max(...rounds.map(({ megabytes }) => megabytes)),
  };
}

async function measureIdle(databaseUrl: string, subscribers: number): Promise<IdleMemory> {
  const server = await startService(databaseUrl);
  try {
    await delay(1_000);
    const before = await residentBytes(server);
    const audience = await startAudience({
      address: server.address,
      operation,
      subscribers,
      ...noOneStalled,
    });
    await delay(3_000);
    const after = await residentBytes(server);
    await stop(audience);
    return {
      subscribers,
      megabytes: Math.round(after / 1e6),
      kilobytesEach: Math.round((after - before) / 1e3 / subscribers),
    };
  } finally {
    await stop(server);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string", default: "5" }, stalled: { type: "string", default: "" } },
  });
  const [subscribers = "1000", eventsPerSecond = "50", seconds = "10", idle = "1000,5000"] = positionals;
  const numbers = (list: string) => list.split(",").filter(Boolean).map(Number);
  const figures = await measureFanOut({
    ...(process.env.DATABASE_URL && { databaseUrl: process.env.DATABASE_URL }),
    subscribers: Number(subscribers),
    eventsPerSecond: Number(eventsPerSecond),
    seconds: Number(seconds),
    rounds: Number(values.rounds),
    idle: numbers(idle),
    stalled: numbers(values.stalled),
  });
  console.log(JSON.stringify(figures, null, 2));
}
