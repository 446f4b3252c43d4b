import "reflect-metadata";
import { parseArgs } from "node:util";
import { Database } from "../../src/store/database.js";
import { migrationName } from "../../src/store/migrations/migrate.js";
import { sampleBytes, startService } from "../support/service.js";
import { storeVariedSessions } from "../support/varied-sessions.js";
import { keepStored } from "./stored-data.js";

/**
 * `npm run migrate:keep -- NAME`: keeps a database with data in it, as this release stores it, for the test
 * of upgrades. `--before MIGRATION` undoes that migration and those after it first.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { before: { type: "string" } },
});
const [name] = positionals;
if (name === undefined) throw new Error("Say what to call it: npm run migrate:keep -- 1.0.0");

const service = await startService({ EXPECTATIONS: "off" });
for (const sample of ["started", "ended", "analyzed"] as const)
  await service.post(String(await sampleBytes(sample)));
await storeVariedSessions(service, 8);
// A dead letter.
await service.post({ event: "conversation_agent_session.analyzed", data: { id: "no UUID" } });
const database = await Database.open(service.config.database, 2);
const { writer } = database;
const from = writer.migrations.findIndex((migration) => migrationName(migration) === values.before);
const undone = from < 0 ? 0 : writer.migrations.length - from;
for (let count = 0; count < undone; count += 1) await writer.undoLastMigration({ transaction: "each" });
await keepStored(name, writer);
await database.close();
await service.stop();
