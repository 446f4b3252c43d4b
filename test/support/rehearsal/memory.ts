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

/** @returns NaN where there is none, which is no slope that a run may have */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return (low + high) / 2;
}

/** Resident memory of the service, asked for at an even rate. */
export class Memory {
  readonly samples: Sample[] = [];
  /** The least of each pause. */
  readonly floors: Sample[] = [];
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
   * Begins a pause of what makes memory come and go.
   * @returns what ends it, and keeps the least that was measured in it
   */
  pause(): () => void {
    const from = this.samples.length;
    return () => {
      const least = this.samples.slice(from).sort((a, b) => a.megabytes - b.megabytes)[0];
      if (least !== undefined) this.floors.push(least);
    };
  }

  /**
   * The same of what was left in pauses: what is never let go lifts all later ones. The median of the slopes
   * between any two (Theil and Sen), so that one pause in which nothing was collected decides nothing.
   */
  floorSlopeAfter(warmUpSeconds: number): number {
    const floors = this.floors.filter(({ seconds }) => seconds >= warmUpSeconds);
    const slopes = floors.flatMap((from, index) => floors.slice(index + 1).map((to) => slopeOf([from, to])));
    return median(slopes);
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
