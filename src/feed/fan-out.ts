import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { BadInputError, CursorExpiredError, UnavailableError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { FeedBounds, FeedEntry, FeedReader } from "../store/readers/feed.reader.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import { Group, type Interest, type Subscription } from "./group.js";
import { inPortions } from "./portions.js";
import { Stretch } from "./stretch.js";
import { type Sink, type SlownessLimits, Subscriber } from "./subscriber.js";
import { Turns } from "./turns.js";

/** Entries read at once for all who are live, and by one who catches up. */
const livePage = 16;
const catchUpPage = 100;
/** So many readings are kept for groups that take longer; who lies further behind reads the feed itself. */
const mostStretches = 16;
/** How many of those who catch up read the database at once, so that a crowd that returns leaves room for queries. */
const catchUpTurns = { atOnce: 6, ofOneTenant: 4 };
/** One tenant's expensive filters must not take all of the database's connections. */
const liveTurns = { atOnce: Infinity, ofOneTenant: 4 };
const renderedAtOnce = 8;
const retryMilliseconds = 500;

/**
 * Tells subscribers of the feed's entries. The instance reads an advance of the feed once, evaluates each distinct interest once and
 * makes each distinct message once, however many subscribers there are. Each group is told at its own pace, so that a filter that is
 * slow or fails delays its own group only. One who resumes, or does not keep up, reads the feed for itself until it has caught up,
 * and then joins its group: joining at exactly the group's position (or ahead of it, where what was told before is skipped) leaves
 * neither gap nor repetition.
 */
export class FanOut {
  /** Everything up to here was read, and live subscribers are told of it. */
  private live = 0;
  /** What was read last, in order. */
  private stretches: readonly Stretch[] = [];
  /** The greatest head announced since the feed was last read; undefined where all of them have been reached. */
  private announced: number | undefined;
  private running: Promise<void> | undefined;
  private bounds: Promise<FeedBounds> | undefined;
  private readonly groups = new Map<string, Group>();
  private readonly catchUpTurns = new Turns(catchUpTurns);
  private readonly liveTurns = new Turns(liveTurns);
  private warnedAt = -Infinity;
  private readonly stopping = new AbortController();

  constructor(
    private readonly feed: FeedReader,
    private readonly sessions: Pick<SessionReader, "matchingIds">,
    private readonly limits: SlownessLimits,
    private readonly logger: Logger,
  ) {}

  start(head: number): void {
    this.live = head;
  }

  /** The feed has moved, or may have. */
  advance(head: number): void {
    if (head <= this.live) return;
    this.announced = Math.max(head, this.announced ?? 0);
    this.running ??= this.run();
  }

  /**
   * Starts to tell; what is wrong with `after` shows when the subscriber ends.
   * @param after resume after this position; from now on where undefined
   */
  subscribe(subscription: Subscription, after: number | undefined, sink: Sink): Subscriber {
    let group = this.groups.get(subscription.key);
    if (group === undefined) {
      group = new Group(subscription, ({ subscription: { key } }) => this.groups.delete(key));
      this.groups.set(subscription.key, group);
    }
    const subscriber = new Subscriber(group, after ?? 0, sink, this.limits);
    group.catchingUp.add(subscriber);
    void this.begin(subscriber, after);
    return subscriber;
  }

  /** How many are subscribed now. */
  get size(): number {
    let size = 0;
    for (const { live, catchingUp } of this.groups.values()) size += live.size + catchingUp.size;
    return size;
  }

  /** Ends all subscriptions. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const groups = [...this.groups.values()];
    for (const group of groups) group.end();
    await Promise.all([this.running, ...groups.map(({ following }) => following)]);
  }

  private async begin(subscriber: Subscriber, after: number | undefined): Promise<void> {
    try {
      // Those who arrive together share one read.
      this.bounds ??= this.feed.bounds().finally(() => {
        this.bounds = undefined;
      });
      const { expired, head } = await this.bounds;
      if (after !== undefined && after < expired) throw new CursorExpiredError();
      if (after !== undefined && after > head && after > (await this.feed.bounds()).head)
        throw new BadInputError("after: must be a cursor of this feed.");
      subscriber.position = after ?? head;
    } catch (error) {
      subscriber.end(error as Error);
      return;
    }
    await this.catchUp(subscriber);
  }

  /** Reads the feed at the subscriber's pace until it has caught up with the others. */
  private async catchUp(subscriber: Subscriber): Promise<void> {
    while (!subscriber.isEnded) {
      try {
        if (!(await subscriber.drained())) return;
        const { group } = subscriber;
        if (subscriber.position >= (group.live.size > 0 ? group.position : this.live)) {
          group.join(subscriber, this.live);
          return;
        }
        await this.tellPage(subscriber);
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
    const { group, position } = subscriber;
    const { interest } = group.subscription;
    const { reached, entries, matching } = await this.catchUpTurns.take(group.tenant, async () => {
      const page = await this.feed.after(position, catchUpPage, interest);
      if (page.expired > position) throw new CursorExpiredError();
      return { ...page, matching: await this.matching(interest, page.entries) };
    });
    const told = entries.filter(({ sessionId }) => matching.has(sessionId));
    for (let start = 0; start < told.length; start += renderedAtOnce) {
      const slice = told.slice(start, start + renderedAtOnce);
      const messages = await Promise.all(slice.map((entry) => group.renderShared(entry)));
      for (const portion of inPortions(messages.filter((message) => message !== undefined))) {
        if (!(await subscriber.drained())) return;
        subscriber.tell(portion);
      }
    }
    subscriber.position = Math.max(subscriber.position, reached);
  }

  /** Reads the feed for the live subscribers until its end is reached. The database being away delays, and skips nothing. */
  private async run(): Promise<void> {
    while (this.announced !== undefined && !this.stopping.signal.aborted) {
      const { announced } = this;
      this.announced = undefined;
      try {
        await this.readOn();
      } catch (err) {
        this.advance(announced);
        this.warn(err);
        await this.pause();
      }
      // Requests get their turn between two pages.
      await nextTurn();
    }
    this.running = undefined;
  }

  private async readOn(): Promise<void> {
    if (this.isIdle()) {
      const { head } = await this.feed.bounds();
      // Who subscribed meanwhile has read the bounds itself, and catches up from there.
      if (this.isIdle()) {
        this.live = Math.max(this.live, head);
        this.stretches = [];
      }
      return;
    }
    const { entries, expired, reached } = await this.feed.after(this.live, livePage);
    // Where some are missing, each group finds out for itself.
    if (expired <= this.live)
      this.stretches = [...this.stretches, new Stretch(this.live, reached, entries)].slice(-mostStretches);
    this.live = reached;
    for (const group of this.groups.values()) if (this.owes(group)) group.following ??= this.follow(group);
    // A full page may not be all.
    if (entries.length === livePage) this.advance(reached + 1);
    // What was announced while this page was read may be in it already.
    else if (this.announced !== undefined && this.announced <= this.live) this.announced = undefined;
  }

  private isIdle(): boolean {
    return this.groups.size === 0;
  }

  /**
   * Tells a group's live subscribers of what was read. What fails for the group's own reasons, such as a filter that takes the
   * database too long, ends it; the database being away delays it.
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

  private owes({ live, position }: Group): boolean {
    return live.size > 0 && position < this.live;
  }

  private async tellGroup(group: Group): Promise<void> {
    const { position } = group;
    const { interest } = group.subscription;
    const stretch =
      this.stretches.find((each) => each.continues(position)) ?? (await this.stretchFor(group, position));
    if (stretch === undefined) {
      // Each of them finds for itself that entries are missing.
      for (const subscriber of group.live) this.leaveBehind(subscriber);
      return;
    }
    const { tenant } = group;
    const wanted = stretch.entries.filter((entry) => isOfInterest(entry, interest));
    const matching = await stretch.matchingOnce(group.interestKey, () =>
      this.liveTurns.take(tenant, () => this.matching(interest, wanted)),
    );
    const told = wanted.filter((entry) => entry.position > position && matching.has(entry.sessionId));
    const messages = await Promise.all(
      told.map((entry) => this.liveTurns.take(tenant, () => group.subscription.render(entry))),
    );
    const portions = inPortions(messages.filter((message) => message !== undefined));
    const behind = [...group.live].filter((subscriber) => !subscriber.takes(portions));
    for (const subscriber of behind) this.leaveBehind(subscriber);
    group.position = Math.max(group.position, stretch.reached);
  }

  /** @returns undefined where entries after the position have expired */
  private async stretchFor({ subscription, tenant }: Group, position: number): Promise<Stretch | undefined> {
    const { entries, expired, reached } = await this.liveTurns.take(tenant, () =>
      this.feed.after(position, catchUpPage, subscription.interest),
    );
    return expired > position ? undefined : new Stretch(position, reached, entries);
  }

  /** From here on it reads the feed for itself. */
  private leaveBehind(subscriber: Subscriber): void {
    const { group } = subscriber;
    subscriber.position = Math.max(subscriber.position, group.position);
    group.fallBehind(subscriber);
    void this.catchUp(subscriber);
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
