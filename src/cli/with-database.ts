import { loadConfig } from "../config.js";
import { ConfigurationError } from "../errors.js";
import { Database } from "../store/database.js";
import { migrate } from "../store/migrate.js";

/** A command may pass over whole tables, and nobody waits for its answer. */
export const commandReadSeconds = 600;

/** Does a command's work on the database that DATABASE_URL names, brought up to date. */
export async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  try {
    // A command verifies no signatures, so it must not ask for their secrets.
    const config = loadConfig({ ...process.env, WEBHOOK_SIGNATURE_MODE: "off" });
    const database = await Database.open(config.database, 2, {
      transaction: config.databaseTimeoutSeconds * 1_000,
      read: commandReadSeconds * 1_000,
    });
    try {
      await migrate(database.writer, (what) => {
        console.error(what);
      });
      await work(database);
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
