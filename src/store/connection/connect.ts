import { setTimeout as delay } from "node:timers/promises";
import type { Config, DatabaseTarget } from "../../config.js";
import { UnavailableError } from "../../errors.js";
import type { Logger } from "../../logger.js";
import type { Tracing } from "../../tracing/tracing.js";
import { Database } from "../database.js";
import { errorCode, isConnectionLost, isDatabaseError, isRefused } from "../database-errors.js";

const millisecondsBetweenTries = 1_000;

/**
 * Connects to the database, and waits a while for one that is not up yet (containers start in any order) or
 * has no connection left.
 * @throws UnavailableError where it refuses us, or has not come up in time
 */
export async function connectDatabase(
  config: Pick<
    Config,
    | "database"
    | "databasePoolSize"
    | "databaseTimeoutSeconds"
    | "databaseReadSeconds"
    | "databaseWaitSeconds"
    | "isSearched"
  > &
    Partial<Pick<Config, "databaseRead">>,
  logger: Logger,
  tracing?: Tracing,
): Promise<Database> {
  const limits = {
    transaction: config.databaseTimeoutSeconds * 1_000,
    read: config.databaseReadSeconds * 1_000,
  };
  const deadline = performance.now() + config.databaseWaitSeconds * 1_000;
  for (;;) {
    try {
      const { database, databasePoolSize, isSearched, databaseRead } = config;
      return await Database.open(database, databasePoolSize, limits, isSearched, databaseRead, tracing);
    } catch (error) {
      const reason = errorCode(error);
      if (isRefused(error)) throw new UnavailableError(refusal(reason), error);
      if (!isPassing(error, config.database)) throw error;
      if (performance.now() >= deadline)
        throw new UnavailableError(absence(reason, config.databaseWaitSeconds), error);
      const secondsLeft = Math.ceil((deadline - performance.now()) / 1_000);
      logger.warn({ reason, secondsLeft }, "the database is not up yet; waiting for it");
      await delay(millisecondsBetweenTries);
    }
  }
}

/** A file that cannot be opened stays so; a server may be starting, or be out of connections or memory. */
function isPassing(error: unknown, { kind }: DatabaseTarget): boolean {
  return kind === "file" ? isConnectionLost(error) : isDatabaseError(error);
}

function refusal(reason: string): string {
  return `The database server refuses us (${reason}): see the user, the password and the database in DATABASE_URL.`;
}

function absence(reason: string, waited: number): string {
  const wait = waited === 0 ? "" : `, after ${waited} s of waiting (DATABASE_WAIT_SECONDS)`;
  return `The database cannot be reached (${reason})${wait}: is it up, at the host and port of DATABASE_URL, and has it a connection left for us?`;
}
