import { setTimeout as delay } from "node:timers/promises";
import type { BuiltService } from "./built-service.js";

interface Sample {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Megabytes a minute, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(samples.map(({ seconds }) => seconds));
  const y = mean(samples.map(({ megabytes }) => megabytes));
  const covariance = mean(samples.map(({ seconds, megabytes }) => (seconds - x) * (megabytes - y)));
  const variance = mean(samples.map(({ seconds }) => (seconds - x) ** 2));
  return (covariance / variance) * 60;
}

/** Resident memory of the service, asked for at an even rate. */
export class Memory {
  readonly samples: Sample[] = [];
  private readonly begun = performance.now();
  private readonly stopped = new AbortController();
  private readonly sampling: Promise<void>;

  constructor(
    private readonly service: BuiltService,
    everyMilliseconds: number,
  ) {
    this.sampling = this.sample(everyMilliseconds);
  }

  get greatest(): number {
    return Math.round(Math.max(...this.samples.map(({ megabytes }) => megabytes)));
  }

  get last(): number {
    return Math.round(this.samples.at(-1)?.megabytes ?? Number.NaN);
  }

  /** Megabytes a minute: the line of least squares through what was measured after so many seconds. */
  slopeAfter(warmUpSeconds: number): number {
    return slopeOf(this.samples.filter(({ seconds }) => seconds >= warmUpSeconds));
  }

  /**
   * The same of the least of each minute. Answers that nobody reads come and go, up to hundreds of megabytes
   * that the service allows; what is never let go lifts what is left when they are gone.
   */
  floorSlopeAfter(warmUpSeconds: number): number {
    const least = new Map<number, Sample>();
    for (const sample of this.samples.filter(({ seconds }) => seconds >= warmUpSeconds)) {
      const minute = Math.floor(sample.seconds / 60);
      const known = least.get(minute);
      if (known === undefined || sample.megabytes < known.megabytes) least.set(minute, sample);
    }
    return slopeOf([...least.values()]);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.sampling;
  }

  private async sample(everyMilliseconds: number): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const megabytes = await this.service.residentMegabytes();
      this.samples.push({ seconds: (performance.now() - this.begun) / 1_000, megabytes });
      await delay(everyMilliseconds, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }
}
