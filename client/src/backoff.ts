/** How long to wait before trying again. */
export interface RetryOptions {
  /** The first wait, in milliseconds; each further one is twice as long (default 250). */
  readonly leastMilliseconds?: number;
  /** The longest wait, in milliseconds (default 10,000). */
  readonly mostMilliseconds?: number;
}

/**
 * Waits that double with each failure in a row. Each is shortened by up to a half, at random: clients that
 * lost their connections together do not come back together.
 */
export class Backoff {
  private failures = 0;
  private worksSince: number | undefined;
  private readonly least: number;
  private readonly most: number;

  constructor({ leastMilliseconds = 250, mostMilliseconds = 10_000 }: RetryOptions = {}) {
    this.least = leastMilliseconds;
    this.most = mostMilliseconds;
  }

  /** Something succeeded: the next wait is the first again. */
  reset(): void {
    this.failures = 0;
  }

  /** It works: if it does for as long as the longest wait, the next wait is the first again. */
  works(): void {
    this.worksSince ??= performance.now();
  }

  /** Waits before the next try, at least for `seconds`; ends at once when `signal` is aborted. */
  async wait(signal: AbortSignal, seconds = 0): Promise<void> {
    if (this.worksSince !== undefined && performance.now() - this.worksSince >= this.most) this.reset();
    this.worksSince = undefined;
    const whole = Math.min(this.most, this.least * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 30);
    const milliseconds = Math.max(seconds * 1_000, whole * (0.5 + Math.random() / 2));
    await delay(milliseconds, signal);
  }
}

async function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
