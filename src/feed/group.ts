import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { FeedKind } from "../events/registry.js";
import type { FeedMetrics } from "../metrics/feed.metrics.js";
import { beginning, type FeedPlace } from "../events/feed-place.js";
import type { FeedEntry } from "../store/readers/feed.reader.js";
import type { Scope } from "../store/readers/scope.js";
import type { Message, Sink } from "./sink.js";

/** Which entries a subscriber wants to hear of. */
export interface Interest {
  readonly scope: Scope;
  readonly kinds: readonly FeedKind[];
  /** A SessionFilter, with the meaning it has in queries. */
  readonly filter: object;
}

/** What a subscriber wants to hear, and in which words. */
export interface Subscription {
  /**
   * Equal where every message is equal, byte for byte: the same operation, variables and view of the data.
   */
  readonly key: string;
  readonly interest: Interest;
  /** @returns undefined where there is nothing left to tell of, such as an erased session */
  render(entry: FeedEntry): Promise<Message | undefined>;
}

/** All subscribers who are told the same: a message is made once for all of them. */
export class Group {
  /** They are told together, each message once for all of them. */
  readonly live = new Set<Subscriber>();
  /** Where there are such, they have been told everything up to here. */
  place: FeedPlace = beginning;
  /** Under way while the live ones are being told. */
  following: Promise<void> | undefined;
  /** They read the feed at their own pace, until they have caught up. */
  readonly catchingUp = new Set<Subscriber>();
  /**
   * Names those who catch up at the same time: they share what is rendered. Who comes later shares none of
   * it, since a session may have been erased meanwhile.
   */
  crowd = nextCrowd();
  readonly interestKey: string;
  /** Whose share of the database it takes. */
  readonly tenant: string;

  constructor(
    readonly subscription: Subscription,
    private readonly emptied: (group: Group) => void,
  ) {
    const { scope, kinds, filter } = subscription.interest;
    const interest = JSON.stringify([scope, kinds, filter]);
    this.interestKey = createHash("sha256").update(interest).digest("base64");
    this.tenant = tenantOf(scope);
  }

  /** @param head where the group's next entry is looked for, if nobody else is live */
  join(subscriber: Subscriber, head: FeedPlace): void {
    // It may have ended since it was asked, and nothing would ever remove it.
    if (subscriber.isEnded) return;
    if (this.live.size === 0) this.place = head;
    this.catchingUp.delete(subscriber);
    this.live.add(subscriber);
    if (this.catchingUp.size === 0) this.crowd = nextCrowd();
  }

  fallBehind(subscriber: Subscriber): void {
    this.live.delete(subscriber);
    this.catchingUp.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.live.delete(subscriber);
    this.catchingUp.delete(subscriber);
    if (this.catchingUp.size === 0) this.crowd = nextCrowd();
    if (this.live.size === 0 && this.catchingUp.size === 0) this.emptied(this);
  }

  end(error?: Error): void {
    for (const subscriber of [...this.live, ...this.catchingUp]) subscriber.end(error);
  }
}

let crowds = 0;

function nextCrowd(): number {
  crowds += 1;
  return crowds;
}

function tenantOf(scope: Scope): string {
  return scope.kind === "all" ? "" : scope.organizationId;
}

/** How often the backlog of a slow consumer is looked at. */
const lookMilliseconds = 25;

/** One subscription of one consumer: how far it has been told, and its end. */
export class Subscriber {
  /** Settles when nothing more will be sent: rejected where the service ended it for a reason. */
  readonly ended: Promise<void>;
  isEnded = false;
  private settle!: (error?: Error) => void;

  constructor(
    readonly group: Group,
    /** Everything up to here was told, or need not be. */
    public place: FeedPlace,
    private readonly sink: Sink,
    /**
     * Bytes that may wait for the consumer; beyond it, it is told at its own pace. Who takes nothing at all
     * is closed by its transport.
     */
    private readonly bufferBytes: number,
    private readonly metrics: Pick<FeedMetrics, "pushed">,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.settle = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    // Nobody may be listening any more, which is no reason to end the process.
    this.ended.catch(() => undefined);
  }

  /** What it was told already is not told again. */
  tell(messages: readonly Message[]): void {
    const isNew = ({ position }: Message) => position > this.place.position;
    const news = messages.every(isNew) ? messages : messages.filter(isNew);
    const last = news.at(-1);
    if (last === undefined) return;
    this.place = { position: last.position, epoch: last.epoch };
    this.sink.send(news);
    this.metrics.pushed[this.transport] += news.length;
  }

  /**
   * Tells one portion after another. @returns false where the consumer does not keep up: what it was not told
   * is still owed
   */
  takes(portions: readonly (readonly Message[])[]): boolean {
    for (let next = 0; this.keepsUp; next += 1) {
      const portion = portions[next];
      if (portion === undefined) return true;
      this.tell(portion);
    }
    return false;
  }

  get transport(): Sink["transport"] {
    return this.sink.transport;
  }

  get keepsUp(): boolean {
    return this.sink.backlog <= this.bufferBytes;
  }

  /**
   * Waits until the consumer has taken what was sent.
   * @returns false where the subscription has ended meanwhile
   */
  async drained(): Promise<boolean> {
    while (!this.isEnded && !this.keepsUp) await delay(lookMilliseconds);
    return !this.isEnded;
  }

  end(error?: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.group.remove(this);
    this.settle(error);
  }
}
