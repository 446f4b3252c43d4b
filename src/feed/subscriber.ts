import { setTimeout as delay } from "node:timers/promises";
import type { FeedPlace } from "../events/feed-place.js";
import type { Group } from "./group.js";

/** What subscribers of one group are told of one entry: the same bytes for all of them. */
export interface Message extends FeedPlace {
  readonly cursor: string;
  /** The GraphQL result as JSON, without line breaks. */
  readonly json: Buffer;
}

/** Where a subscriber's messages go: a WebSocket, an HTTP response. */
export interface Sink {
  /** Hands over, together if there are several, and returns at once. */
  send(messages: readonly Message[]): void;
  /** Bytes handed over that have not left this process yet. */
  readonly backlog: number;
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
    /** Bytes that may wait for the consumer; beyond it, it is told at its own pace. Who takes nothing at all is closed by its transport. */
    private readonly bufferBytes: number,
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
    this.place = last;
    this.sink.send(news);
  }

  /** Tells one portion after another. @returns false where the consumer does not keep up: what it was not told is still owed */
  takes(portions: readonly (readonly Message[])[]): boolean {
    for (let next = 0; this.keepsUp; next += 1) {
      const portion = portions[next];
      if (portion === undefined) return true;
      this.tell(portion);
    }
    return false;
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
