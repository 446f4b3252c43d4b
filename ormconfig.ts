import "reflect-metadata";
import { loadConfig } from "./src/config.js";
import { createDataSource, detectDialect } from "./src/store/connection/data-source.js";

/** For TypeORM's command line: the data source that DATABASE_URL names (the embedded default without it). */
const { database, databasePoolSize } = loadConfig(process.env);

export default createDataSource(database, await detectDialect(database), databasePoolSize);
