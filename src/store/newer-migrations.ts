import type { Logger } from "../logger.js";
import type { Database } from "./database.js";
import { migrationName } from "./migrations/migrate.js";
import { migrationsTable } from "./connection/data-source.js";

/** Milliseconds between two looks. */
const interval = 30_000;

/**
 * Knows of the migrations that the database has and this build has not: a newer release works on it, too.
 * Migrations only add, so this build serves on, but for what they add.
 */
export class NewerMigrations {
  private readonly own: ReadonlySet<string>;
  private known: readonly string[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {
    this.own = new Set(database.writer.migrations.map(migrationName));
  }

  /** Looks now, and then again and again, for a newer release may come while this build runs. */
  async start(): Promise<void> {
    this.timer = setInterval(() => void this.look(), interval).unref();
    await this.look();
  }

  stop(): Promise<void> {
    clearInterval(this.timer);
    return Promise.resolve();
  }

  /** Their names, in order; where the database does not answer, those that were seen last. */
  async look(): Promise<readonly string[]> {
    const select = `SELECT name AS name FROM ${migrationsTable} ORDER BY timestamp, name`;
    const rows = await this.database.read<{ name: string }>(select).catch(() => undefined);
    if (rows === undefined) return this.known;
    const newer = rows.map(({ name }) => name).filter((name) => !this.own.has(name));
    if (newer.join() !== this.known.join()) this.tell(newer);
    return (this.known = newer);
  }

  private tell(migrations: readonly string[]): void {
    if (migrations.length > 0)
      this.logger.warn({ migrations }, "a newer release has changed the tables; this one serves on without");
    else this.logger.info("the tables are those of this release again");
  }
}
