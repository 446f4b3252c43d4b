import "reflect-metadata";
import { parseArgs } from "node:util";
import { loadConfig } from "../config.js";
import { createDataSource, detectDialect } from "../store/data-source.js";
import { migrate, pendingSchemaChanges } from "../store/migrate.js";

/**
 * `npm run migrate`: brings the database's tables up to date. `npm run migrate -- --check`: also fails where the migrations do not
 * make exactly the tables that the entities describe.
 */
const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const { database } = loadConfig({ ...process.env, WEBHOOK_SIGNATURE_MODE: "off" });
const dataSource = createDataSource(database, await detectDialect(database), 2);
await dataSource.initialize();
const applied = await migrate(dataSource, (what) => {
  console.error(what);
});
console.log(
  applied.length === 0 ? "Nothing to apply." : applied.map(({ name }) => `applied ${name}`).join("\n"),
);
if (values.check) {
  const drift = await pendingSchemaChanges(dataSource);
  if (drift.length > 0) {
    console.error(`The migrations lack these changes:\n${drift.join("\n")}`);
    process.exitCode = 1;
  } else console.log("The migrations make exactly the tables of the entities.");
}
await dataSource.destroy();
