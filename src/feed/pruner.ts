import type { Logger } from "../logger.js";
import { toDatetime } from "../model/instant.js";
import { PeriodicTask } from "../periodic-task.js";
import type { FeedWriter } from "../store/writers/feed.writer.js";

const dayMilliseconds = 86_400_000;
const everyMilliseconds = 600_000;

/** Removes what is older than the feed's retention, in small batches. */
export class FeedPruner {
  private readonly task: PeriodicTask;

  constructor(
    private readonly feed: FeedWriter,
    private readonly retentionDays: number,
    logger: Logger,
  ) {
    const failure = "the feed's oldest entries could not be removed; trying again later";
    this.task = new PeriodicTask(() => this.prune(), { everyMilliseconds, logger, failure });
  }

  start(): void {
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
  }

  private async prune(): Promise<void> {
    let removed = -1;
    while (removed !== 0 && !this.task.isStopped) {
      const before = new Date(Date.now() - this.retentionDays * dayMilliseconds);
      removed = await this.feed.prune(toDatetime(before.toISOString()));
    }
  }
}
