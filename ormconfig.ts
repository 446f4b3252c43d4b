import "reflect-metadata";
import { loadConfig } from "./src/config.js";
import { fileDataSource } from "./src/store/connection/file-data-source.js";
import { detectServer, serverDataSource } from "./src/store/connection/server-data-source.js";

/** For TypeORM's command line: the data source that DATABASE_URL names (the embedded default without it). */
const { database, databasePoolSize } = loadConfig(process.env);

export default database.kind === "file"
  ? fileDataSource(database)
  : serverDataSource(database, await detectServer(database), databasePoolSize);
