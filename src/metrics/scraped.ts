import { Counter, Gauge, type Registry } from "prom-client";

/** One value, with its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: string[];
}

export type Read = () => readonly Sample[] | Promise<readonly Sample[]>;

/** Milliseconds. */
const longestRead = 4_000;
/** Reads of one scrape that are under way at once. */
const atOnce = 2;

/**
 * Lets reads take turns. A scrape collects all its metrics at once, and would take every connection that the
 * service has for its own reads.
 */
export function inTurns(): (read: Read) => Read {
  const lanes: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve());
  let count = 0;
  return (read) => {
    // What an earlier scrape asked of a server that hangs is not asked again.
    let underWay: Promise<readonly Sample[]> | undefined;
    const begin = () => {
      const lane = (count += 1) % atOnce;
      const samples = Promise.resolve(lanes[lane]).then(read);
      lanes[lane] = samples.catch(() => undefined);
      return samples.finally(() => {
        underWay = undefined;
      });
    };
    return async () => await (underWay ??= begin());
  };
}

/** A gauge that is read when somebody scrapes; in between it costs nothing. */
export function scrapedGauge(registry: Registry, description: Description, read: Read): void {
  new Gauge({
    ...description,
    registers: [registry],
    async collect() {
      const samples = await readable(read);
      this.reset();
      // reset() makes a gauge without labels 0; what could not be read is left out instead.
      if (samples.length === 0) this.remove({});
      for (const [labels, value] of samples) this.set(labels, value);
    },
  });
}

/** A counter that its part keeps as a plain number. */
export function scrapedCounter(registry: Registry, description: Description, read: Read): void {
  new Counter({
    ...description,
    registers: [registry],
    async collect() {
      const samples = await readable(read);
      this.reset();
      for (const [labels, value] of samples) this.inc(labels, value);
    },
  });
}

/**
 * Without the database the other metrics are still served: they are needed most then. Nor are they served
 * late where it hangs: whoever scrapes gives up after 10 s.
 */
async function readable(read: Read): Promise<readonly Sample[]> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<readonly Sample[]>((resolve) => {
    timer = setTimeout(() => {
      resolve([]);
    }, longestRead);
  });
  try {
    return await Promise.race([read(), over]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
