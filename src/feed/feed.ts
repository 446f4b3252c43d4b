import type { Logger } from "../logger.js";
import type { FeedMetrics } from "../metrics/feed.metrics.js";
import type { FeedPlace } from "../events/feed-place.js";
import type { FeedReader } from "../store/readers/feed.reader.js";
import { receiptMilliseconds } from "../store/receipt.js";
import type { Assignment, FeedWriter } from "../store/writers/feed.writer.js";
import type { Announcements } from "./announcements.js";
import { FeedAssigner } from "./assigner.js";
import type { Tracing } from "../tracing/tracing.js";
import type { FanOut } from "./fan-out.js";
import { tracePositions } from "./feed-traces.js";
import { FeedPruner } from "./pruner.js";

/** How long a change can go unnoticed where its announcement was lost, or nobody numbered it. */
const pollMilliseconds = 1_000;

/** What the feed is made of. */
export interface FeedParts {
  readonly reader: FeedReader;
  readonly writer: FeedWriter;
  readonly fanOut: FanOut;
  readonly announcements: Announcements;
  readonly retentionDays: number;
  readonly metrics: FeedMetrics;
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
}

/**
 * The feed of committed changes as this instance sees it: numbers them, hears from other instances how far
 * they came, tells the subscribers, and forgets what is older than the retention. Only the head's position is
 * announced; rows are read from the database, so a lost announcement costs time, never an event.
 */
export class Feed {
  private readonly assigner: FeedAssigner;
  private readonly pruner: FeedPruner;

  constructor(private readonly parts: FeedParts) {
    const { writer, fanOut, announcements, retentionDays, logger } = parts;
    this.assigner = new FeedAssigner(
      writer,
      (assignment) => {
        this.announce(assignment);
      },
      logger,
    );
    announcements.onMessage((position) => {
      fanOut.lookFor(position);
    });
    this.pruner = new FeedPruner(writer, retentionDays, logger);
  }

  async start(): Promise<void> {
    this.parts.fanOut.start(await this.currentHead());
    this.assigner.start(pollMilliseconds);
    this.pruner.start();
  }

  /** A change was committed, with its place in the feed or without. */
  committed(assignment?: Assignment): void {
    if (assignment !== undefined) this.announce(assignment);
    if (assignment?.isAll !== true) this.assigner.nudge();
  }

  /** The last place that clients can be shown: read it before what it is to stand for. */
  async head(): Promise<FeedPlace> {
    return await this.parts.reader.head();
  }

  /** The place that was given last. */
  async currentHead(): Promise<FeedPlace> {
    return await this.parts.reader.currentHead();
  }

  private announce({ assigned, begun, head }: Assignment): void {
    const { fanOut, announcements, metrics, tracing } = this.parts;
    fanOut.advance(head);
    if (assigned.length > 0) announcements.send(head.position);
    for (const received of assigned.map(receiptMilliseconds))
      if (!Number.isNaN(received)) metrics.positioned(received);
    const { carrier } = announcements;
    if (tracing !== undefined) tracePositions(tracing, { assigned, begun, head: head.position, carrier });
  }

  /** Ends all subscriptions, the numbering and the pruning. */
  async stop(): Promise<void> {
    await this.parts.announcements.stop();
    await this.parts.fanOut.stop();
    await this.assigner.stop();
    await this.pruner.stop();
  }
}
