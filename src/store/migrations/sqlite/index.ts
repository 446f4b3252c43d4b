import { CreateTables1764600000000 } from "./1764600000000-create-tables.js";

/** In order; a new migration is added at the end, and one that was released never changes. */
export const sqliteMigrations = [CreateTables1764600000000];
