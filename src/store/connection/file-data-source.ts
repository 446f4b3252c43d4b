import { DataSource } from "typeorm";
import type { FileTarget } from "../../database-url.js";
import { sqliteMigrations } from "../migrations/sqlite/index.js";
import { sqlite } from "../sql/sqlite.dialect.js";
import { sharedOptions } from "./data-source.js";
import { SqliteDriver } from "./sqlite-driver.js";

/** TypeORM's data source for a file, not initialized yet. */
export function fileDataSource({ file }: FileTarget): DataSource {
  return new DataSource({
    ...sharedOptions(sqlite),
    type: "better-sqlite3",
    driver: SqliteDriver,
    database: file,
    enableWAL: true,
    migrations: sqliteMigrations,
    prepareDatabase: (database: SqliteDriver) => {
      database.pragma("synchronous = FULL");
    },
  });
}
