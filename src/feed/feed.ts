import { BadInputError, CursorExpiredError } from "../errors.js";
import type { SessionEventKind } from "../events/session-event.js";
import type { Logger } from "../logger.js";
import type { FeedBounds, FeedEntry, FeedReader } from "../store/readers/feed.reader.js";
import type { Scope } from "../store/readers/scope.js";
import type { FeedWriter } from "../store/writers/feed.writer.js";
import { FeedAssigner } from "./assigner.js";

/** What a subscriber wants to hear. */
export interface FeedSubscription {
  readonly scope: Scope;
  readonly kinds: readonly SessionEventKind[];
  /** Resume after this position; from now on where undefined. */
  readonly after: number | undefined;
}

/** Entries read at once during a replay. */
const replayPage = 200;

/**
 * Tells subscribers of committed changes, in order, without gap or repetition: it first replays from the database what came after
 * the subscriber's position, then waits for the head to move. Only the head's position is announced; rows are read from the
 * database, so a lost announcement costs time, never an event.
 */
export class Feed {
  private head = 0;
  private readonly assigner: FeedAssigner;
  private waiters = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly reader: FeedReader,
    writer: FeedWriter,
    logger: Logger,
  ) {
    this.assigner = new FeedAssigner(
      writer,
      (head) => {
        this.advanceTo(head);
      },
      logger,
    );
  }

  async start(): Promise<void> {
    this.head = (await this.reader.bounds()).head;
    this.assigner.start(pollMilliseconds);
  }

  /** A change was committed. */
  nudge(): void {
    this.assigner.nudge();
  }

  async bounds(): Promise<FeedBounds> {
    return await this.reader.bounds();
  }

  /**
   * Entries in order; ends when the signal is aborted or the service stops.
   * @throws CursorExpiredError where `after` is older than the retention
   * @throws BadInputError where `after` lies ahead of the feed (a cursor of another database)
   */
  subscribe(subscription: FeedSubscription): AsyncIterableIterator<FeedEntry> {
    const ending = new AbortController();
    const entries = this.entries(subscription, ending.signal);
    // A generator's own return() would wait for the next event; aborting first ends the wait.
    const iterator: AsyncIterableIterator<FeedEntry> = {
      next: () => entries.next(),
      return: () => {
        ending.abort();
        return entries.return();
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  private async *entries(
    { scope, kinds, after }: FeedSubscription,
    signal: AbortSignal,
  ): AsyncGenerator<FeedEntry, void, void> {
    const bounds = await this.reader.bounds();
    if (after !== undefined && after < bounds.expired) throw new CursorExpiredError();
    if (after !== undefined && after > bounds.head)
      throw new BadInputError("after: must be a cursor of this feed.");
    this.advanceTo(bounds.head);
    let position = after ?? bounds.head;
    while (!signal.aborted && !this.stopped) {
      const upTo = this.head;
      if (upTo <= position) {
        await this.nextAdvance(signal);
        continue;
      }
      const entries = await this.reader.range(scope, { after: position, upTo, limit: replayPage }, kinds);
      yield* entries;
      position = entries.length === replayPage ? (entries.at(-1)?.position ?? upTo) : upTo;
    }
  }

  /** Ends all subscriptions and the numbering. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.assigner.stop();
  }

  private advanceTo(head: number): void {
    if (head <= this.head) return;
    this.head = head;
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiters;
    this.waiters = new Set();
    for (const wake of waiting) wake();
  }

  private async nextAdvance(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.waiters.delete(wake);
        resolve();
      };
      this.waiters.add(wake);
      signal.addEventListener("abort", wake);
    });
  }
}

/** How long a change can go unannounced at the most where nobody nudged. */
const pollMilliseconds = 1_000;
