import { CreateTables1764000000000 } from "./1764000000000-create-tables.js";

/** In order; a new migration is added at the end. */
export const sqliteMigrations = [CreateTables1764000000000];
