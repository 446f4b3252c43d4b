import type { Logger } from "../logger.js";
import type { Assignment, FeedWriter } from "../store/writers/feed.writer.js";

/**
 * Numbers committed changes and announces how far it got. Runs when nudged (after a commit that left one
 * without a number), one run at a time; a slow poll picks up what another instance committed and could not
 * number, such as one that was killed.
 */
export class FeedAssigner {
  private running: Promise<void> | undefined;
  private nudged = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly feed: FeedWriter,
    private readonly announce: (assignment: Assignment) => void,
    private readonly logger: Logger,
  ) {}

  start(pollMilliseconds: number): void {
    this.timer = setInterval(() => {
      this.nudge();
    }, pollMilliseconds);
    this.nudge();
  }

  /** Something was committed. Cheap, returns at once; many nudges during one run cause one further run. */
  nudge(): void {
    this.nudged = true;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.nudged) {
      this.nudged = false;
      try {
        const assignment = await this.feed.assignPositions();
        this.announce(assignment);
        if (!assignment.isAll) this.nudged = true;
      } catch (err) {
        this.logger.warn(
          { err },
          "feed positions could not be assigned; trying again with the next event or poll",
        );
        return;
      }
    }
  }
}
