import type { Redis, RedisOptions } from "ioredis";
import type { Logger } from "../logger.js";
import { connectRedis } from "../redis/connect.js";
import type { Announcements } from "./announcements.js";

/** Connecting is tried again for ever, at most this far apart. */
const longestRetryMilliseconds = 2_000;

const outage = "other instances hear of changes by polling";

/** Announcements over Redis pub/sub. */
export class RedisAnnouncements implements Announcements {
  readonly carrier = { "db.system.name": "redis", "db.operation.name": "PUBLISH" };
  private readonly publisher: Redis;
  private readonly subscriber: Redis;

  /**
   * @param channel the same for all instances on one database, and different for another database on the same
   * Redis
   */
  constructor(
    url: string,
    private readonly channel: string,
    logger: Logger,
  ) {
    const shared: RedisOptions = {
      retryStrategy: (attempt) => Math.min(attempt * 100, longestRetryMilliseconds),
      connectTimeout: 5_000,
      maxRetriesPerRequest: null,
    };
    // Nothing waits in the publisher while Redis is away: a later position replaces an earlier one anyway.
    this.publisher = connectRedis(url, { ...shared, enableOfflineQueue: false }, outage, logger);
    this.subscriber = connectRedis(url, shared, outage, logger);
    this.subscriber.subscribe(channel).catch(() => undefined);
  }

  send(head: number): void {
    this.publisher.publish(this.channel, String(head)).catch(() => undefined);
  }

  onMessage(listener: (head: number) => void): void {
    this.subscriber.on("message", (_channel, text) => {
      const head = Number(text);
      if (Number.isSafeInteger(head)) listener(head);
    });
    // What was announced while the connection was away is unknown: asking the database costs one read.
    this.subscriber.on("ready", () => {
      listener(Number.MAX_SAFE_INTEGER);
    });
  }

  stop(): Promise<void> {
    this.publisher.disconnect();
    this.subscriber.disconnect();
    return Promise.resolve();
  }
}
