import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { CursorExpiredError, UnavailableError } from "../errors.js";
import { beginning, type FeedPlace, isSamePlace, laterPlace } from "../events/feed-place.js";
import type { Logger } from "../logger.js";
import type { FeedMetrics, SubscriptionTransport } from "../metrics/feed.metrics.js";
import type { FeedEntry, FeedPage, FeedReader } from "../store/readers/feed.reader.js";
import type { Tracing } from "../tracing/tracing.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import { PushSpans } from "./feed-traces.js";
import { Group, type Interest, Subscriber, type Subscription } from "./group.js";
import { inPortions } from "./portions.js";
import { RenderedMessages } from "./rendered-messages.js";
import { Stretch } from "./stretch.js";
import type { Sink } from "./sink.js";
import { Turns } from "./turns.js";

/** Entries read at once for all who are live, and by one who catches up. */
const livePage = 16;
const catchUpPage = 100;
/** So many readings are kept for groups that take longer; who lies further behind reads the feed itself. */
const mostStretches = 16;
/**
 * How many of those who catch up read the database at once, so that a crowd that returns leaves room for
 * queries.
 */
const catchUpTurns = { atOnce: 6, ofOneTenant: 4 };
/** One tenant's expensive filters must not take all of the database's connections. */
const liveTurns = { atOnce: Infinity, ofOneTenant: 4 };
const renderedAtOnce = 8;
const retryMilliseconds = 500;
/**
 * How soon what is announced is looked for again where it is not there yet: less than a second in all, when
 * the assigner says anew how far the feed goes.
 */
const laterLooks = [10, 20, 40, 80, 160, 160, 160, 160];

/**
 * Tells subscribers of the feed's entries. The instance reads an advance of the feed once, evaluates each
 * distinct interest once and makes each distinct message once, however many subscribers there are. Each group
 * is told at its own pace, so that a filter that is slow or fails delays its own group only. One who resumes,
 * or does not keep up, reads the feed for itself until it has caught up, and then joins its group: joining at
 * exactly the group's place (or ahead of it, where what was told before is skipped) leaves neither gap nor
 * repetition.
 *
 * The feed may go back: a backup is restored, or a replica takes over that lacks commits. Its positions are
 * then given again, in other epochs. So each reading asks whether the place that it goes on from is still
 * there. Where the instance's own is not, whoever was told of entries up to there is ended with
 * CURSOR_EXPIRED, and the instance goes on from the head of the new history.
 */
export class FanOut {
  /** Everything up to here was read, and live subscribers are told of it. */
  private live = beginning;
  /** What was read last, in order. */
  private stretches: readonly Stretch[] = [];
  /**
   * The greatest head announced since the feed was last read; undefined where all of them have been reached.
   */
  private announced: number | undefined;
  /** As far as the feed is said to go: a replica, or another node of a cluster, may come there later. */
  private expected = 0;
  /** How often nothing new was found there. */
  private vainLooks = 0;
  private running: Promise<void> | undefined;
  private head: Promise<FeedPlace> | undefined;
  private readonly groups = new Map<string, Group>();
  private readonly rendered = new RenderedMessages();
  private readonly catchUpTurns = new Turns(catchUpTurns);
  private readonly liveTurns = new Turns(liveTurns);
  private warnedAt = -Infinity;
  private readonly stopping = new AbortController();

  constructor(
    private readonly feed: FeedReader,
    private readonly sessions: Pick<SessionReader, "matchingIds">,
    /** Bytes that may wait for one subscriber. */
    private readonly bufferBytes: number,
    private readonly metrics: FeedMetrics,
    private readonly logger: Logger,
    private readonly tracing?: Tracing,
  ) {}

  start(head: FeedPlace): void {
    this.live = head;
  }

  /** The feed's head was read. Where it is not the one that is known, the feed has moved on, or back. */
  advance(head: FeedPlace): void {
    if (isSamePlace(head, this.live)) return;
    this.expected = Math.max(this.expected, head.position);
    this.look(head.position);
  }

  /** The feed may have moved as far as this: a hint. */
  lookFor(position: number): void {
    if (position <= this.live.position) return;
    // The greatest one stands for an unknown one.
    if (position !== Number.MAX_SAFE_INTEGER) this.expected = Math.max(this.expected, position);
    this.look(position);
  }

  /**
   * Starts to tell; what is wrong with `after` shows when the subscriber ends.
   * @param after resume after this place; from now on where undefined
   */
  subscribe(subscription: Subscription, after: FeedPlace | undefined, sink: Sink): Subscriber {
    let group = this.groups.get(subscription.key);
    if (group === undefined) {
      group = new Group(subscription, ({ subscription: { key } }) => this.groups.delete(key));
      this.groups.set(subscription.key, group);
    }
    const subscriber = new Subscriber(group, after ?? beginning, sink, this.bufferBytes, this.metrics);
    group.catchingUp.add(subscriber);
    void this.begin(subscriber, after);
    return subscriber;
  }

  /** How many are subscribed now. */
  get open(): Readonly<Record<SubscriptionTransport, number>> {
    const open = { websocket: 0, event_stream: 0 };
    for (const { live, catchingUp } of this.groups.values()) {
      for (const { transport } of live) open[transport] += 1;
      for (const { transport } of catchingUp) open[transport] += 1;
    }
    return open;
  }

  /** How many of them read the feed at their own pace. */
  get catchingUp(): number {
    let count = 0;
    for (const { catchingUp } of this.groups.values()) count += catchingUp.size;
    return count;
  }

  /** The position up to which this instance has read the feed. */
  get position(): number {
    return this.live.position;
  }

  /** Ends all subscriptions. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const groups = [...this.groups.values()];
    for (const group of groups) group.end();
    await Promise.all([this.running, ...groups.map(({ following }) => following)]);
  }

  private look(position: number): void {
    this.announced = Math.max(position, this.announced ?? 0);
    this.running ??= this.run();
  }

  private async begin(subscriber: Subscriber, after: FeedPlace | undefined): Promise<void> {
    let isKnown = false;
    try {
      // Those who arrive together share one read.
      this.head ??= this.feed.head().finally(() => {
        this.head = undefined;
      });
      const head = await this.head;
      subscriber.place = after ?? head;
      isKnown = isSamePlace(subscriber.place, head);
    } catch (error) {
      subscriber.end(error as Error);
      return;
    }
    await this.catchUp(subscriber, isKnown);
  }

  /**
   * Reads the feed at the subscriber's pace until it has caught up with the others.
   * @param isKnown whether the subscriber's place was read from the feed; otherwise a page is read first,
   * which tells whether it is there
   */
  private async catchUp(subscriber: Subscriber, isKnown: boolean): Promise<void> {
    let mayJoin = isKnown;
    while (!subscriber.isEnded) {
      try {
        if (!(await subscriber.drained())) return;
        const { group, place } = subscriber;
        if (mayJoin && place.position >= (group.live.size > 0 ? group.place : this.live).position) {
          group.join(subscriber, this.live);
          return;
        }
        await this.tellPage(subscriber);
        // The feed ends before the place that the others have reached: it has gone back.
        if (mayJoin && isSamePlace(place, subscriber.place)) {
          this.look(place.position);
          await this.pause();
        }
        mayJoin = true;
      } catch (error) {
        if (!(error instanceof UnavailableError)) {
          subscriber.end(error as Error);
          return;
        }
        await this.pause();
      }
    }
  }

  private async tellPage(subscriber: Subscriber): Promise<void> {
    const { group, place } = subscriber;
    const { interest } = group.subscription;
    const inTurn = <Result>(task: () => Promise<Result>) => this.catchUpTurns.take(group.tenant, task);
    const { reached, entries, matching } = await inTurn(async () => {
      const page = await this.feed.after(place, catchUpPage, interest);
      return { ...page, matching: await this.matching(interest, page.entries) };
    });
    const told = entries.filter(({ sessionId }) => matching.has(sessionId));
    for (let start = 0; start < told.length; start += renderedAtOnce) {
      const slice = told.slice(start, start + renderedAtOnce);
      const messages = await Promise.all(
        slice.map((entry) =>
          this.rendered.once(`${group.crowd} ${entry.position} ${entry.epoch}`, () =>
            inTurn(() => group.subscription.render(entry)),
          ),
        ),
      );
      for (const portion of inPortions(messages.filter((message) => message !== undefined))) {
        if (!(await subscriber.drained())) return;
        subscriber.tell(portion);
      }
    }
    subscriber.place = laterPlace(subscriber.place, reached);
  }

  /**
   * Reads the feed for the live subscribers until its end is reached. The database being away delays, and
   * skips nothing.
   */
  private async run(): Promise<void> {
    while (this.announced !== undefined && !this.stopping.signal.aborted) {
      const { announced } = this;
      this.announced = undefined;
      const { position } = this.live;
      try {
        await this.readOn();
        await this.expectMore(this.live.position > position);
      } catch (err) {
        this.look(announced);
        this.warn(err);
        await this.pause();
      }
      // Requests get their turn between two pages.
      await nextTurn();
    }
    this.running = undefined;
  }

  /** Looks again, a while later, where the feed is said to go further than it was read. */
  private async expectMore(hasMoved: boolean): Promise<void> {
    this.vainLooks = hasMoved ? 0 : this.vainLooks;
    if (this.announced !== undefined || this.isIdle() || this.live.position >= this.expected) return;
    const milliseconds = laterLooks[this.vainLooks];
    this.vainLooks += 1;
    if (milliseconds === undefined) {
      // It lags further, or it was not true: the next announcement begins anew.
      this.expected = this.live.position;
      this.vainLooks = 0;
      return;
    }
    await delay(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    this.look(this.expected);
  }

  private async readOn(): Promise<void> {
    if (this.isIdle()) {
      const head = await this.feed.head();
      // Who subscribed meanwhile has read the head itself, and catches up from there.
      if (this.isIdle()) {
        this.live = head;
        this.stretches = [];
      }
      return;
    }
    const page = await this.nextPage();
    if (page === undefined) return;
    const { entries, reached } = page;
    if (reached.position > this.live.position)
      this.stretches = [...this.stretches, new Stretch(this.live, reached, entries)].slice(-mostStretches);
    this.live = reached;
    for (const group of this.groups.values()) if (this.owes(group)) group.following ??= this.follow(group);
    // A full page may not be all.
    if (entries.length === livePage) this.look(reached.position + 1);
    // What was announced while this page was read may be in it already.
    else if (this.announced !== undefined && this.announced <= this.live.position) this.announced = undefined;
  }

  /** @returns undefined where the feed does not go on from where the instance was: then it has begun anew */
  private async nextPage(): Promise<FeedPage | undefined> {
    try {
      return await this.feed.after(this.live, livePage);
    } catch (error) {
      if (!(error instanceof CursorExpiredError)) throw error;
      this.live = await this.feed.head();
      this.stretches = [];
      this.logger.warn("the feed went back, as after the restoring of a backup: its subscriptions are ended");
      for (const group of [...this.groups.values()]) group.end(error);
      return undefined;
    }
  }

  private isIdle(): boolean {
    return this.groups.size === 0;
  }

  /**
   * Tells a group's live subscribers of what was read. What fails for the group's own reasons, such as a
   * filter that takes the database too long, ends it; the database being away delays it.
   */
  private async follow(group: Group): Promise<void> {
    while (this.owes(group)) {
      try {
        await this.tellGroup(group);
      } catch (error) {
        if (error instanceof UnavailableError) {
          this.warn(error);
          await this.pause();
        } else group.end(error as Error);
      }
    }
    group.following = undefined;
  }

  private owes({ live, place }: Group): boolean {
    return live.size > 0 && place.position < this.live.position;
  }

  private async tellGroup(group: Group): Promise<void> {
    const { place } = group;
    const { interest } = group.subscription;
    const stretch =
      this.stretches.find((each) => each.continues(place)) ?? (await this.stretchFor(group, place));
    const { tenant } = group;
    const wanted = stretch.entries.filter((entry) => isOfInterest(entry, interest));
    const matching = await stretch.matchingOnce(group.interestKey, () =>
      this.liveTurns.take(tenant, () => this.matching(interest, wanted)),
    );
    const told = wanted.filter((entry) => entry.position > place.position && matching.has(entry.sessionId));
    const spans = this.tracing && new PushSpans(this.tracing);
    const render = (entry: FeedEntry) => group.subscription.render(entry);
    const rendered = told.map((entry) =>
      this.liveTurns.take(
        tenant,
        () => spans?.render(entry, group.live.size, () => render(entry)) ?? render(entry),
      ),
    );
    const messages = await Promise.all(rendered).finally(() => spans?.endSoon());
    const portions = inPortions(messages.filter((message) => message !== undefined));
    const behind = [...group.live].filter((subscriber) => !subscriber.takes(portions));
    for (const subscriber of behind) this.leaveBehind(subscriber);
    for (const { kind, receivedAt } of told) this.metrics.told(kind, Date.parse(receivedAt));
    group.place = laterPlace(group.place, stretch.reached);
  }

  private async stretchFor({ subscription, tenant }: Group, place: FeedPlace): Promise<Stretch> {
    const { entries, reached } = await this.liveTurns.take(tenant, () =>
      this.feed.after(place, catchUpPage, subscription.interest),
    );
    return new Stretch(place, reached, entries);
  }

  /** From here on it reads the feed for itself. */
  private leaveBehind(subscriber: Subscriber): void {
    const { group } = subscriber;
    subscriber.place = laterPlace(subscriber.place, group.place);
    group.fallBehind(subscriber);
    this.metrics.paused[subscriber.transport] += 1;
    void this.catchUp(subscriber, true);
  }

  private async matching({ scope, filter }: Interest, entries: readonly FeedEntry[]): Promise<Set<string>> {
    const ids = new Set(entries.map(({ sessionId }) => sessionId));
    return await this.sessions.matchingIds(scope, filter, [...ids]);
  }

  /** Many groups may find at once that the database is away. */
  private warn(err: unknown): void {
    if (performance.now() - this.warnedAt < retryMilliseconds) return;
    this.warnedAt = performance.now();
    this.logger.warn({ err }, "the feed could not be read; trying again");
  }

  private async pause(): Promise<void> {
    await delay(retryMilliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function isOfInterest(entry: FeedEntry, { scope, kinds }: Interest): boolean {
  const isVisible = scope.kind === "all" || scope.organizationId === entry.organizationId;
  return isVisible && kinds.includes(entry.kind);
}
