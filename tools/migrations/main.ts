import "reflect-metadata";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { findAddedColumns } from "./added-columns.js";
import { writeMigration } from "./write-migration.js";

/**
 * `npm run migrate:generate -- NAME`: writes the migrations, for each dialect, that add the declared columns
 * which no migration makes yet. It needs no database: it makes one, in a file that it deletes.
 */
const [name = "", ...others] = process.argv.slice(2);
if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || others.length > 0) {
  console.error("usage: npm run migrate:generate -- NAME, in kebab case, such as add-csat-score");
  process.exitCode = 1;
} else await generate(name);

async function generate(migration: string): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), "migrations-"));
  const url = `sqlite:${path.join(scratch, "scratch.sqlite")}`;
  const database = await Database.open(loadConfig({ DATABASE_URL: url }).database, 1);
  try {
    await migrate(database.writer);
    const columns = await findAddedColumns(database.writer);
    if (columns.length === 0) {
      console.log("The migrations make all declared columns.");
      return;
    }
    const folder = path.join(import.meta.dirname, "..", "..", "src", "store", "migrations");
    const files = await writeMigration(folder, migration, Date.now(), columns);
    console.log(files.map((file) => path.relative(process.cwd(), file)).join("\n"));
    console.log("Format them with `npm run format`, and check them with `npm run migrate:check`.");
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await database.close();
    await rm(scratch, { recursive: true });
  }
}
