import type { LoadOrder, LoadResult } from "./load-order.js";
import { type LoadGenerator, type Server, type SystemName, systemNames } from "./processes.js";

/** What one system did in all rounds together: the median of each figure. */
export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /**
   * Processor time of the server's process per request, in milliseconds: hardly moved by what else the
   * machine does.
   */
  readonly processor: number;
  /** The database server's, as long as this system was asked; NaN where it is not known. */
  readonly databaseProcessor: number;
}

/** The three systems side by side. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  readonly systems: Readonly<Record<SystemName, Figures>>;
  /**
   * The service's rate divided by another's: the median of the rounds' ratios, as what disturbs a round
   * disturbs all of it.
   */
  readonly ratios: Readonly<Record<Exclude<SystemName, "service">, number>>;
  readonly rounds: readonly Round[];
}

type Measured = LoadResult & Pick<Figures, "processor" | "databaseProcessor">;
type Round = Readonly<Record<SystemName, Measured>>;

/** What is measured on what. */
export interface Setting {
  readonly title: string;
  readonly unit: string;
  /** Rounds that count. */
  readonly rounds: number;
  readonly servers: Readonly<Record<SystemName, Server>>;
  readonly database: Pick<Server, "processorTime">;
  readonly load: LoadGenerator;
}

/** An order without its destination. */
export type Order = LoadOrder extends infer Each
  ? Each extends LoadOrder
    ? Omit<Each, "url">
    : never
  : never;

/**
 * Gives all systems the same load in short rounds, taking turns in who is first. Round 0 warms up and is not
 * counted.
 */
export async function compare(
  setting: Setting,
  orderOf: (round: number, system: SystemName) => Order,
): Promise<Comparison> {
  const { title, unit, rounds: counted } = setting;
  const rounds: Round[] = [];
  for (let number = 0; number <= counted; number += 1) {
    const measured: Partial<Record<SystemName, Measured>> = {};
    const first = number % systemNames.length;
    for (const name of [...systemNames.slice(first), ...systemNames.slice(0, first)])
      measured[name] = await measure(setting, name, orderOf(number, name));
    const round = measured as Round;
    const rates = systemNames.map((name) => `${name} ${round[name].perSecond.toFixed(0)}`);
    console.error(`${title}, round ${number}: ${rates.join(", ")}`);
    if (number > 0) rounds.push(round);
  }
  const ratioTo = (name: SystemName) =>
    median(rounds.map((round) => round.service.perSecond / round[name].perSecond));
  const figuresOf = (name: SystemName) => figures(rounds.map((round) => round[name]));
  return {
    title,
    unit,
    systems: { service: figuresOf("service"), "by-hand": figuresOf("by-hand"), bare: figuresOf("bare") },
    ratios: { "by-hand": ratioTo("by-hand"), bare: ratioTo("bare") },
    rounds,
  };
}

async function measure(
  { servers, database, load }: Setting,
  name: SystemName,
  order: Order,
): Promise<Measured> {
  const server = servers[name];
  const [before, databaseBefore] = [await server.processorTime(), await database.processorTime()];
  const result = await load.run({ ...order, url: server.url });
  const [after, databaseAfter] = [await server.processorTime(), await database.processorTime()];
  return {
    ...result,
    processor: (after - before) / result.requests,
    databaseProcessor: (databaseAfter - databaseBefore) / result.requests,
  };
}

function figures(results: readonly Measured[]): Figures {
  const of = (pick: (result: Measured) => number) => median(results.map(pick));
  return {
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    processor: of(({ processor }) => processor),
    databaseProcessor: of(({ databaseProcessor }) => databaseProcessor),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
