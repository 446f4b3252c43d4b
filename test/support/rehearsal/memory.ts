import { setTimeout as delay } from "node:timers/promises";
import type { BuiltService } from "./built-service.js";

/** Resident memory of the service, asked for at an even rate. */
export class Memory {
  readonly samples: { readonly seconds: number; readonly megabytes: number }[] = [];
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
    const points = this.samples.filter(({ seconds }) => seconds >= warmUpSeconds);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [x, y] = [mean(points.map(({ seconds }) => seconds)), mean(points.map((point) => point.megabytes))];
    const covariance = mean(points.map(({ seconds, megabytes }) => (seconds - x) * (megabytes - y)));
    const variance = mean(points.map(({ seconds }) => (seconds - x) ** 2));
    return (covariance / variance) * 60;
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
