import { toDatetime } from "../model/instant.js";
import type { Logger } from "../logger.js";
import type { FeedWriter } from "../store/writers/feed.writer.js";

const dayMilliseconds = 86_400_000;

/**
 * Removes what is older than the feed's retention, in small batches: at the start, and then again and again.
 */
export class FeedPruner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly feed: FeedWriter,
    private readonly retentionDays: number,
    private readonly logger: Logger,
  ) {}

  start(everyMilliseconds: number): void {
    this.timer = setInterval(() => {
      this.running ??= this.prune();
    }, everyMilliseconds);
    this.running = this.prune();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async prune(): Promise<void> {
    try {
      let removed = -1;
      while (removed !== 0 && !this.stopped) {
        const before = new Date(Date.now() - this.retentionDays * dayMilliseconds);
        removed = await this.feed.prune(toDatetime(before.toISOString()));
      }
    } catch (err) {
      this.logger.warn({ err }, "the feed's oldest entries could not be removed; trying again later");
    }
    this.running = undefined;
  }
}
