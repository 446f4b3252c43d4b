import type { Logger } from "./logger.js";

/** How work is repeated. */
export interface PeriodicTaskOptions {
  readonly everyMilliseconds: number;
  readonly logger: Logger;
  /** What the log says where a run fails. */
  readonly failure: string;
}

/**
 * Work that is done at once, and then again and again, one run at a time. Where a run fails, the next one
 * comes all the same.
 */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly options: PeriodicTaskOptions,
  ) {}

  /** Asked by work between two of its steps: a run that is stopped goes no further. */
  get isStopped(): boolean {
    return this.isStopping;
  }

  start(): void {
    const begin = () => {
      this.running ??= this.run();
    };
    this.timer = setInterval(begin, this.options.everyMilliseconds);
    begin();
  }

  /** Waits for the run under way. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    const { logger, failure } = this.options;
    try {
      await this.work();
    } catch (err) {
      logger.warn({ err }, failure);
    }
    this.running = undefined;
  }
}
