import type { LoadOrder, LoadResult } from "./load-order.js";
import type { LoadGenerator, Server } from "./processes.js";

/** What one server did in all rounds together: the median of each figure. */
export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /**
   * Processor time of the server's process per request, in milliseconds: hardly moved by what else the
   * machine does.
   */
  readonly processor: number;
}

/** Service and bare server side by side. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  readonly service: Figures;
  readonly bare: Figures;
  /** The median of the rounds' ratios: what disturbs one round disturbs both of its halves. */
  readonly ratio: number;
  readonly rounds: readonly { readonly service: Measured; readonly bare: Measured }[];
}

type Measured = LoadResult & { readonly processor: number };

/** An order without its destination. */
export type Order = LoadOrder extends infer Each
  ? Each extends LoadOrder
    ? Omit<Each, "url">
    : never
  : never;

/**
 * Gives both servers the same load in short rounds, taking turns in who is first. Round 0 warms up and is not
 * counted.
 */
export async function compare(
  { title, unit, rounds }: { readonly title: string; readonly unit: string; readonly rounds: number },
  [service, bare]: readonly [Server, Server],
  load: LoadGenerator,
  orderOf: (round: number) => Order,
): Promise<Comparison> {
  const measured = [];
  for (let round = 0; round <= rounds; round += 1) {
    const results = new Map<Server, Measured>();
    for (const server of round % 2 === 0 ? [service, bare] : [bare, service]) {
      const before = await server.processorTime();
      const result = await load.run({ ...orderOf(round), url: server.url });
      const processor = ((await server.processorTime()) - before) / result.requests;
      results.set(server, { ...result, processor });
    }
    const pair = { service: resultOf(results, service), bare: resultOf(results, bare) };
    const { perSecond } = pair.service;
    const ratio = (perSecond / pair.bare.perSecond).toFixed(2);
    console.error(
      `${title}, round ${round}: service ${perSecond.toFixed(0)}, bare ${pair.bare.perSecond.toFixed(0)}, ratio ${ratio}`,
    );
    if (round > 0) measured.push(pair);
  }
  return {
    title,
    unit,
    service: figures(measured.map((pair) => pair.service)),
    bare: figures(measured.map((pair) => pair.bare)),
    ratio: median(measured.map((pair) => pair.service.perSecond / pair.bare.perSecond)),
    rounds: measured,
  };
}

function resultOf(results: ReadonlyMap<Server, Measured>, server: Server): Measured {
  const result = results.get(server);
  if (result === undefined) throw new Error("A round was not measured.");
  return result;
}

function figures(results: readonly Measured[]): Figures {
  return {
    perSecond: median(results.map(({ perSecond }) => perSecond)),
    p50: median(results.map(({ p50 }) => p50)),
    p99: median(results.map(({ p99 }) => p99)),
    processor: median(results.map(({ processor }) => processor)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
