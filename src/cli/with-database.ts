import { type Config, loadConfig } from "../config.js";
import { createLogger } from "../logger.js";
import { connectDatabase } from "../store/connection/connect.js";
import type { Database } from "../store/database.js";
import { migrate } from "../store/migrations/migrate.js";

/** A command may pass over whole tables, and nobody waits for its answer. */
const commandReadSeconds = 600;

/** Does a command's work on the database that DATABASE_URL names, brought up to date. */
export async function withDatabase(
  work: (database: Database, config: Config) => Promise<void>,
): Promise<void> {
  await withUnmigrated(async (database, config) => {
    await migrate(database.writer, (what) => {
      console.error(what);
    });
    await work(database, config);
  });
}

/** Does a command's work on that database as it is. */
export async function withUnmigrated(
  work: (database: Database, config: Config) => Promise<void>,
  environment = process.env,
): Promise<void> {
  // A command verifies no signatures, so it must not ask for their secrets.
  const config = loadConfig({ ...environment, WEBHOOK_SIGNATURE_MODE: "off" });
  const settings = {
    ...config,
    databaseWaitSeconds: 0,
    databaseReadSeconds: commandReadSeconds,
    // What a command reads, it may act on: a replica may lag.
    databaseRead: undefined,
  };
  const database = await connectDatabase(settings, createLogger("silent"));
  try {
    await work(database, config);
  } finally {
    await database.close();
  }
}
