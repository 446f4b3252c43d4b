import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QueryTooComplexError, UnavailableError } from "../../src/errors.js";
import { beginning, type FeedPlace } from "../../src/events/feed-place.js";
import { FanOut } from "../../src/feed/fan-out.js";
import type { Message } from "../../src/feed/sink.js";
import type { Subscriber } from "../../src/feed/group.js";
import { createLogger } from "../../src/logger.js";
import type { FeedEntry, FeedPage } from "../../src/store/readers/feed.reader.js";
import { Metrics } from "../../src/metrics/metrics.js";

const slow = "organization-a";
const other = "organization-b";
const epoch = "e".repeat(16);

/** A feed in memory whose every position has an entry of both organizations in turn. */
class FakeFeed {
  readonly entries: FeedEntry[] = [];
  reads = 0;

  get last(): FeedPlace {
    return { position: this.entries.length, epoch };
  }

  append(count: number): FeedPlace {
    for (let n = 0; n < count; n += 1) {
      const position = this.entries.length + 1;
      const organizationId = position % 2 === 0 ? slow : other;
      const sessionId = `session-${position}`;
      const eventId = `event-${position}`;
      const kind = "ANALYZED";
      this.entries.push({ eventId, position, epoch, kind, sessionId, organizationId, receivedAt: "" });
    }
    return this.last;
  }

  head(): Promise<FeedPlace> {
    return Promise.resolve(this.last);
  }

  after({ position }: FeedPlace, limit: number): Promise<FeedPage> {
    this.reads += 1;
    const entries = this.entries.slice(position, position + limit);
    return Promise.resolve({ entries, reached: entries.at(-1) ?? this.last });
  }
}

type Matching = (ids: readonly string[]) => Promise<Set<string>>;

describe("a filter that is slow or fails", () => {
  let feed: FakeFeed;
  let fanOut: FanOut;
  let ofSlow: Matching;
  let asked: { organizationId: string; filter: string }[];
  beforeEach(() => {
    feed = new FakeFeed();
    asked = [];
    const sessions = {
      matchingIds: (scope: { organizationId: string }, filter: object, ids: readonly string[]) => {
        asked.push({ organizationId: scope.organizationId, filter: JSON.stringify(filter) });
        return scope.organizationId === slow ? ofSlow(ids) : Promise.resolve(new Set(ids));
      },
    };
    const bufferBytes = 1_000;
    const { feed: metrics } = new Metrics();
    fanOut = new FanOut(feed as never, sessions as never, bufferBytes, metrics, createLogger("silent"));
    fanOut.start({ ...beginning, epoch });
  });
  afterEach(async () => {
    ofSlow = (ids) => Promise.resolve(new Set(ids));
    await fanOut.stop();
  });

  /** Subscribes to an organization's entries; each number is a filter of its own. */
  async function subscribe(organizationId: string, number = 0) {
    const positions: number[] = [];
    const subscriber = fanOut.subscribe(
      {
        key: `${organizationId} ${number}`,
        interest: {
          scope: { kind: "organization", organizationId, masked: false },
          kinds: ["ANALYZED"],
          filter: { number },
        },
        render: ({ position }) => Promise.resolve({ position, epoch, cursor: "", json: Buffer.from("{}") }),
      },
      undefined,
      {
        backlog: 0,
        transport: "websocket",
        send: (messages: readonly Message[]) => positions.push(...messages.map(({ position }) => position)),
      },
    );
    await vi.waitFor(
      () => {
        expect(subscriber.group.live.has(subscriber)).toBe(true);
      },
      { interval: 1 },
    );
    return { subscriber, positions };
  }

  const all = (organizationId: string) =>
    feed.entries.filter((entry) => entry.organizationId === organizationId).map(({ position }) => position);

  const endOf = ({ ended }: Subscriber) => ended.then(() => undefined).catch((error: unknown) => error);

  it("delays nobody else, is told all that it owes, and takes few of the database's connections", async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let running = 0;
    let most = 0;
    ofSlow = async (ids) => {
      most = Math.max(most, (running += 1));
      await released;
      running -= 1;
      return new Set(ids);
    };
    const many: Awaited<ReturnType<typeof subscribe>>[] = [];
    for (let number = 0; number < 50; number += 1) many.push(await subscribe(slow, number));
    const { positions } = await subscribe(other);
    for (let round = 0; round < 30; round += 1) {
      fanOut.advance(feed.append(6));
      await vi.waitFor(() => {
        expect(positions).toEqual(all(other));
      });
    }
    expect(many.flatMap((one) => one.positions)).toEqual([]);
    expect(most).toBeLessThan(8);
    release();
    await vi.waitFor(() => {
      for (const one of many) expect(one.positions).toEqual(all(slow));
    });
    fanOut.advance(feed.append(6));
    await vi.waitFor(() => {
      for (const one of many) expect(one.positions).toEqual(all(slow));
    });
    expect(positions).toEqual(all(other));
  });

  it("is asked again where the database is away, and then tells all in order, while others hear", async () => {
    let isAway = true;
    ofSlow = (ids) => (isAway ? Promise.reject(new UnavailableError("away")) : Promise.resolve(new Set(ids)));
    const late = await subscribe(slow);
    const { positions } = await subscribe(other);
    for (let round = 0; round < 3; round += 1) {
      fanOut.advance(feed.append(40));
      await vi.waitFor(() => {
        expect(positions).toEqual(all(other));
      });
    }
    expect(late.positions).toEqual([]);
    isAway = false;
    await vi.waitFor(() => {
      expect(late.positions).toEqual(all(slow));
    }, 5_000);
    expect(positions).toEqual(all(other));
  });

  it("ends its own subscriptions where the database ends it", async () => {
    ofSlow = () => Promise.reject(new QueryTooComplexError("too long", "read_time"));
    const ended = await subscribe(slow);
    const { subscriber, positions } = await subscribe(other);
    fanOut.advance(feed.append(4));
    expect(await endOf(ended.subscriber)).toMatchObject({ code: "QUERY_TOO_COMPLEX" });
    await vi.waitFor(() => {
      expect(positions).toEqual(all(other));
    });
    expect(subscriber.isEnded).toBe(false);
    expect(fanOut.open.websocket).toBe(1);
  });

  it("leaves to the others one reading of the feed and one question for each filter", async () => {
    const first = await subscribe(other, 1);
    const groups = [first, await subscribe(other, 2)];
    fanOut.advance(feed.append(6));
    await vi.waitFor(() => {
      for (const { positions } of groups) expect(positions).toEqual(all(other));
    });
    expect(feed.reads).toBe(1);
    expect(asked.map(({ filter }) => filter)).toEqual(['{"number":1}', '{"number":2}']);
  });
});
