import type { Dialect } from "../sql/dialect.js";
import { tables } from "../sql/tables.js";

/** The table that says which migrations were applied. */
export const migrationsTable = "migrations";

/** What is said of every data source: it never synchronizes, for migrations alone make the tables. */
export const sharedOptions = (dialect: Dialect) =>
  ({
    entities: tables.map((table) => table.entity(dialect)),
    migrationsTableName: migrationsTable,
    migrationsTransactionMode: "each",
    synchronize: false,
    logging: false,
  }) as const;

/** How long a statement waits for a lock: short enough to leave a retry its time. */
export const lockWaitSeconds = 5;
