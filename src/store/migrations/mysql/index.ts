import { CreateTables1764600000000 } from "./1764600000000-create-tables.js";
import { AddExpectations1764700000000 } from "./1764700000000-add-expectations.js";
import { AddAlerts1764800000000 } from "./1764800000000-add-alerts.js";

/**
 * In order; a new migration is added at the end, and one that was released never changes. DDL knows no
 * transactions here: a start may be killed after any statement, an ALTER may be finished by the server after
 * that, and the record in the table `migrations` comes last. So every migration, undoing it too, must stand
 * being run again after any of its statements.
 */
export const mysqlMigrations = [
  CreateTables1764600000000,
  AddExpectations1764700000000,
  AddAlerts1764800000000,
];
