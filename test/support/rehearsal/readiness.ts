import { setTimeout as delay } from "node:timers/promises";

/** A service that can be asked whether it is ready. */
interface Asked {
  isReady(): Promise<boolean>;
}

/** Asks `/readyz` all the time, and keeps when it said what. */
export class Readiness {
  private readonly answers: { readonly at: number; readonly isReady: boolean }[] = [];
  private readonly stopped = new AbortController();
  private readonly asking: Promise<void>;

  constructor(service: Asked) {
    this.asking = this.ask(service);
  }

  /** Whether it was ready at any time between two instants of `performance.now()`. */
  wasReady(from: number, to: number): boolean {
    return this.answers.some(({ at, isReady }) => isReady && at >= from && at <= to);
  }

  /** Milliseconds from an instant until it was ready; NaN where it was not any more. */
  readyAfter(instant: number): number {
    const first = this.answers.find(({ at, isReady }) => isReady && at >= instant);
    return Math.round((first?.at ?? Number.NaN) - instant);
  }

  /** How often it was not ready. */
  get refusals(): number {
    return this.answers.filter(({ isReady }) => !isReady).length;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.asking;
  }

  private async ask(service: Asked): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const at = performance.now();
      this.answers.push({ at, isReady: await service.isReady() });
      await delay(100);
    }
  }
}
