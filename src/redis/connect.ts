import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "../logger.js";

/**
 * A connection to a Redis that may be away at the start or go away at any time: it is reconnected to in the
 * background. Without an error listener a lost connection would end the process; one line tells of each
 * outage.
 * @param outage what an outage means, for the log
 */
export function connectRedis(url: string, options: RedisOptions, outage: string, logger: Logger): Redis {
  const connection = new Redis(url, options);
  let isDown = false;
  connection.on("error", (err: unknown) => {
    if (!isDown) logger.warn({ err }, `Redis cannot be reached: ${outage}`);
    isDown = true;
  });
  connection.on("ready", () => {
    if (isDown) logger.info("Redis is reached again");
    isDown = false;
  });
  return connection;
}
