import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { BadInputError, CursorExpiredError, UnavailableError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { FeedBounds, FeedEntry, FeedReader } from "../store/readers/feed.reader.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import { Group, type Interest, type Subscription } from "./group.js";
import { inPortions } from "./portions.js";
import { type Message, type Sink, type SlownessLimits, Subscriber } from "./subscriber.js";
import { Turns } from "./turns.js";

/** Entries told in one go to those who are live, and read at once by one who catches up. */
const livePage = 16;
const catchUpPage = 100;
/** How many of those who catch up read the database at once, so that a crowd that returns leaves room for queries. */
const readersAtOnce = 6;
const renderedAtOnce = 8;
const retryMilliseconds = 500;

/**
 * Tells subscribers of the feed's entries. The instance reads an advance of the feed once, evaluates each distinct interest once and
 * makes each distinct message once, however many subscribers there are. One who resumes, or does not keep up, reads the feed at
 * its own pace until it has caught up, and then joins the others: joining at exactly `live` (or ahead of it, where what was told
 * before is skipped) leaves neither gap nor repetition.
 */
export class FanOut {
  /** Live subscribers have been told everything up to here. */
  private live = 0;
  /** The greatest head announced since the feed was last read; undefined where all of them have been reached. */
  private announced: number | undefined;
  private running: Promise<void> | undefined;
  private bounds: Promise<FeedBounds> | undefined;
  private readonly groups = new Map<string, Group>();
  private readonly turns = new Turns(readersAtOnce);
  private readonly stopping = new AbortController();

  constructor(
    private readonly feed: FeedReader,
    private readonly sessions: SessionReader,
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
    for (const group of [...this.groups.values()]) group.end();
    await this.running;
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
        if (subscriber.position >= this.live) {
          subscriber.group.join(subscriber);
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
    const { reached, entries, matching } = await this.turns.take(async () => {
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

  /** Tells the live subscribers until the feed's end is reached. The database being away delays, and skips nothing. */
  private async run(): Promise<void> {
    while (this.announced !== undefined && !this.stopping.signal.aborted) {
      const { announced } = this;
      this.announced = undefined;
      try {
        await this.tellLive();
      } catch (err) {
        this.advance(announced);
        this.logger.warn({ err }, "the feed could not be read; trying again");
        await this.pause();
      }
      // Requests get their turn between two pages.
      await nextTurn();
    }
    this.running = undefined;
  }

  private async tellLive(): Promise<void> {
    if (this.isIdle()) {
      const { head } = await this.feed.bounds();
      // Who subscribed meanwhile has read the bounds itself, and catches up from there.
      if (this.isIdle()) this.live = Math.max(this.live, head);
      return;
    }
    const page = await this.feed.after(this.live, livePage);
    if (page.expired > this.live) this.leaveAllBehind();
    this.tellAll(await this.render(page.entries));
    this.live = page.reached;
    // A full page may not be all.
    if (page.entries.length === livePage) this.advance(page.reached + 1);
    // What was announced while this page was read may be in it already.
    else if (this.announced !== undefined && this.announced <= this.live) this.announced = undefined;
  }

  private isIdle(): boolean {
    return this.groups.size === 0;
  }

  private tellAll(messages: Rendered): void {
    const behind: Subscriber[] = [];
    for (const group of this.groups.values()) {
      const own = messages.get(group);
      for (const subscriber of group.live) {
        // A group that is newer than the reading has no messages: its subscribers read the entries themselves.
        if (own === undefined || !subscriber.takes(own)) behind.push(subscriber);
      }
    }
    for (const subscriber of behind) this.leaveBehind(subscriber);
  }

  private leaveAllBehind(): void {
    for (const { live } of this.groups.values()) for (const subscriber of live) this.leaveBehind(subscriber);
  }

  private leaveBehind(subscriber: Subscriber): void {
    subscriber.position = Math.max(subscriber.position, this.live);
    subscriber.group.fallBehind(subscriber);
    void this.catchUp(subscriber);
  }

  private async render(entries: readonly FeedEntry[]): Promise<Rendered> {
    const matching = new Map<string, Promise<Set<string>>>();
    const groups = Array.from(this.groups.values()).filter(({ live }) => live.size > 0);
    const rendered = await Promise.all(
      groups.map(async (group): Promise<[Group, Portions]> => {
        const { interest } = group.subscription;
        const wanted = entries.filter((entry) => isOfInterest(entry, interest));
        const match = matching.get(group.interestKey) ?? this.matching(interest, wanted);
        matching.set(group.interestKey, match);
        return [group, inPortions(await this.messagesOf(group, wanted, match))];
      }),
    );
    return new Map(rendered);
  }

  /** What fails for one group's own reasons, such as a filter the database refuses, ends that group and delays nobody else. */
  private async messagesOf(
    group: Group,
    wanted: readonly FeedEntry[],
    match: Promise<Set<string>>,
  ): Promise<readonly Message[]> {
    try {
      const matching = await match;
      const told = wanted.filter(({ sessionId }) => matching.has(sessionId));
      const messages = await Promise.all(told.map((entry) => group.subscription.render(entry)));
      return messages.filter((message) => message !== undefined);
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      group.end(error as Error);
      return [];
    }
  }

  private async matching({ scope, filter }: Interest, entries: readonly FeedEntry[]): Promise<Set<string>> {
    const ids = new Set(entries.map(({ sessionId }) => sessionId));
    return await this.sessions.matchingIds(scope, filter, [...ids]);
  }

  private async pause(): Promise<void> {
    await delay(retryMilliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

type Portions = readonly (readonly Message[])[];
type Rendered = ReadonlyMap<Group, Portions>;

function isOfInterest(entry: FeedEntry, { scope, kinds }: Interest): boolean {
  const isVisible = scope.kind === "all" || scope.organizationId === entry.organizationId;
  return isVisible && kinds.includes(entry.kind);
}
