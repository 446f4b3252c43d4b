import "reflect-metadata";
import { parseArgs } from "node:util";
import type { Database } from "../store/database.js";
import { migrate, pendingSchemaChanges } from "../store/migrations/migrate.js";
import { runCommand } from "./run-command.js";
import { withUnmigrated } from "./with-database.js";

/**
 * `npm run migrate`: brings the database's tables up to date. `npm run migrate -- --check`: also fails where
 * the migrations do not make exactly the tables that the entities describe. `--embedded FILE`: on this SQLite
 * file, whatever DATABASE_URL names.
 */
const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, embedded: { type: "string" } },
});
const environment =
  values.embedded === undefined ? process.env : { ...process.env, DATABASE_URL: `sqlite:${values.embedded}` };
await runCommand(() => withUnmigrated(bringUpToDate, environment));

async function bringUpToDate({ writer }: Database): Promise<void> {
  const applied = await migrate(writer, (what) => {
    console.error(what);
  });
  console.log(
    applied.length === 0 ? "Nothing to apply." : applied.map(({ name }) => `applied ${name}`).join("\n"),
  );
  if (!values.check) return;
  const drift = await pendingSchemaChanges(writer);
  if (drift.length > 0) {
    console.error(`The migrations lack these changes:\n${drift.join("\n")}`);
    process.exitCode = 1;
  } else console.log("The migrations make exactly the tables of the entities.");
}
