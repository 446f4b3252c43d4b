import { CreateTables1764600000000 } from "./1764600000000-create-tables.js";
import { AddExpectations1764700000000 } from "./1764700000000-add-expectations.js";
import { AddAlerts1764800000000 } from "./1764800000000-add-alerts.js";

/** In order; a new migration is added at the end, and one that was released never changes. */
export const sqliteMigrations = [
  CreateTables1764600000000,
  AddExpectations1764700000000,
  AddAlerts1764800000000,
];
