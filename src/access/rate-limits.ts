import type { Redis } from "ioredis";
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from "rate-limiter-flexible";
import type { Config } from "../config.js";
import { RateLimitedError } from "../errors.js";
import type { Logger } from "../logger.js";
import { redisName } from "../redis/name.js";
import { type Caller, localCaller } from "./caller.js";

type Settings = Config["access"]["limits"];

/** What is left of a limit in the current minute. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds since 1970; undefined where nothing was counted yet. */
  readonly resetsAt: number | undefined;
}

/**
 * How much a caller may ask for in a minute: requests, and their cost; and how often an address may fail to
 * authenticate. Counted in Redis where there is one, together for all instances, and otherwise (or while
 * Redis is away) by each instance for itself. Whoever runs an open service on their own machine is not
 * counted.
 */
export class RateLimits {
  private readonly requests: RateLimiterAbstract;
  private readonly costs: RateLimiterAbstract;
  private readonly failures: RateLimiterAbstract;

  private constructor(
    settings: Settings,
    private readonly redis: Redis | undefined,
    private readonly databaseKey: string,
  ) {
    this.requests = this.limiter("requests", settings.requestsPerMinute);
    this.costs = this.limiter("cost", settings.costPerMinute);
    this.failures = this.limiter("failures", settings.failuresPerMinute);
  }

  /**
   * Waits for Redis, though not for long: where it is away, counting begins without it.
   * @param databaseKey what services on one database, which count together, have in common
   */
  static async open(
    settings: Settings,
    redisUrl: string | undefined,
    databaseKey: string,
    logger: Logger,
  ): Promise<RateLimits> {
    const redis = redisUrl === undefined ? undefined : await connect(redisUrl, logger);
    return new RateLimits(settings, redis, databaseKey);
  }

  /** @throws RateLimitedError */
  async countRequest(caller: Caller): Promise<void> {
    await this.consume(this.requests, caller, 1, "requests");
  }

  /**
   * @param cost of an operation, by the rules of the GraphQL limits
   * @throws RateLimitedError
   */
  async countCost(caller: Caller, cost: number): Promise<void> {
    await this.consume(this.costs, caller, cost, "cost");
  }

  /** @throws RateLimitedError where the address has failed too often */
  async countFailure(address: string): Promise<void> {
    await take(this.failures, address, 1, "failures");
  }

  /** What a caller has left; undefined where the caller is not counted. */
  async leftOf(
    caller: Caller,
  ): Promise<{ readonly requests: Allowance; readonly cost: Allowance } | undefined> {
    if (caller === localCaller) return undefined;
    const [requests, cost] = await Promise.all([left(this.requests, caller.id), left(this.costs, caller.id)]);
    return { requests, cost };
  }

  async stop(): Promise<void> {
    await this.redis?.quit().catch(() => {
      this.redis?.disconnect();
    });
  }

  private async consume(
    limiter: RateLimiterAbstract,
    caller: Caller,
    points: number,
    limit: Limit,
  ): Promise<void> {
    if (caller === localCaller) return;
    await take(limiter, caller.id, points, limit);
  }

  private limiter(name: string, points: number): RateLimiterAbstract {
    const options = { keyPrefix: redisName(name, this.databaseKey), points, duration: 60 };
    const memory = new RateLimiterMemory(options);
    if (this.redis === undefined) return memory;
    return new RateLimiterRedis({ ...options, storeClient: this.redis, insuranceLimiter: memory });
  }
}

const messages = {
  requests: "Too many requests in a minute.",
  cost: "Too costly requests in a minute.",
  failures: "Too many failed attempts in a minute.",
};

type Limit = keyof typeof messages;

async function take(limiter: RateLimiterAbstract, key: string, points: number, limit: Limit): Promise<void> {
  try {
    await limiter.consume(key, points);
  } catch (error) {
    if (error instanceof RateLimiterRes) throw new RateLimitedError(messages[limit], secondsOf(error), limit);
    throw error;
  }
}

async function left(limiter: RateLimiterAbstract, key: string): Promise<Allowance> {
  const { points: limit } = limiter;
  const counted = await limiter.get(key);
  if (counted === null) return { limit, remaining: limit, resetsAt: undefined };
  const { remainingPoints, msBeforeNext } = counted;
  return { limit, remaining: Math.max(0, remainingPoints), resetsAt: Date.now() + msBeforeNext };
}

function secondsOf({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}

/** A limit that waits for Redis would be worse than none: commands fail at once while it is away. */
async function connect(url: string, logger: Logger): Promise<Redis> {
  const options = {
    lazyConnect: true,
    connectTimeout: 2_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 500,
  };
  const { connectRedis } = await import("../redis/connect.js");
  const redis = connectRedis(url, options, "each instance counts requests for itself", logger);
  await redis.connect().catch(() => undefined);
  return redis;
}
