import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import { Database } from "./database.js";
import { errorCode, isConnectionLost, isRefused } from "./dialect.js";

const millisecondsBetweenTries = 1_000;

/** Connects to the database, and waits a while for one that is not up yet (containers start in any order). */
export async function connectDatabase(
  config: Pick<Config, "database" | "databasePoolSize" | "databaseTimeoutSeconds" | "databaseWaitSeconds">,
  logger: Logger,
): Promise<Database> {
  const limits = { transaction: config.databaseTimeoutSeconds * 1_000, read: readLimit };
  const deadline = performance.now() + config.databaseWaitSeconds * 1_000;
  for (;;) {
    try {
      return await Database.open(config.database, config.databasePoolSize, limits);
    } catch (error) {
      if (!isConnectionLost(error) || isRefused(error) || performance.now() >= deadline) throw error;
      const secondsLeft = Math.ceil((deadline - performance.now()) / 1_000);
      logger.warn({ reason: errorCode(error), secondsLeft }, "the database is not up yet; waiting for it");
      await delay(millisecondsBetweenTries);
    }
  }
}

/** A statistic over a long time may rightly take longer than a delivery may. */
const readLimit = 30_000;
