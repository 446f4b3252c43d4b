import "reflect-metadata";
import { Command } from "commander";
import { createLogger } from "../logger.js";
import { AuditLog } from "../store/audit-log.js";
import type { Database } from "../store/database.js";
import { ErasureList } from "../store/erasure/erasure-list.js";
import { Eraser } from "../store/erasure/eraser.js";
import { Retention } from "../store/erasure/retention.js";
import { days } from "./days.js";
import { runCommand } from "./run-command.js";
import { withDatabase } from "./with-database.js";

interface EraseOptions {
  readonly phone?: string;
  readonly email?: string;
  readonly contactId?: string;
}

/**
 * `npm run privacy`: erases a person, or what is older than it may be kept, from the database of
 * DATABASE_URL.
 */
const program = new Command("privacy").description(
  "Erase the data of a person, or data that is older than it may be kept.",
);

program
  .command("erase")
  .description(
    "Erase a contact from every table: texts, addresses and ids go, counts stay. It cannot be undone.",
  )
  .option("--phone <number>", "with its country code, as in +13235550100")
  .option("--email <address>", "an e-mail address")
  .option("--contact-id <uuid>", "Whippy's id of the contact")
  .action(erase);

program
  .command("retain")
  .description("Delete sessions and raw events that have not changed for a number of days.")
  .requiredOption("--days <days>", "how long to keep them", days)
  .action(retain);

/** The exit code of an erasure that found nobody: 1 is a failure, 2 is what shells use for wrong usage. */
const foundNobody = 3;

await runCommand(() => program.parseAsync());

async function erase({ phone, email, contactId }: EraseOptions): Promise<void> {
  const [identifier = "", ...more] = [phone, email, contactId].filter((text) => text !== undefined);
  if (identifier === "" || more.length > 0)
    program.error("error: say one of --phone, --email and --contact-id");
  await withDatabase(async (database) => {
    const erased = await new Eraser(database, new ErasureList(database)).erase(identifier);
    await note(database, "erase", "privacy erase", erased.sessions);
    console.log(JSON.stringify({ ...erased, sessions: erased.sessions.length }));
    const { sessions, contacts, messages, rawEvents, mentions } = erased;
    if (sessions.length + contacts + messages + rawEvents + mentions === 0) {
      console.error("Nobody was found. What arrives of them later will be stored without personal data.");
      process.exitCode = foundNobody;
    }
  });
}

async function retain(options: { readonly days: number }): Promise<void> {
  await withDatabase(async (database) => {
    const ages = { sessions: options.days, auditLog: undefined };
    const { sessions, rawEvents } = await new Retention(database, ages, createLogger("warn")).retire();
    await note(database, "retain", `privacy retain --days ${options.days}`, [], sessions);
    console.log(JSON.stringify({ sessions, rawEvents }));
  });
}

/** Of an erasure, that it happened is kept, and which sessions it emptied; not who was erased. */
async function note(
  database: Database,
  action: "erase" | "retain",
  operation: string,
  ids: readonly string[],
  count = ids.length,
): Promise<void> {
  const audit = new AuditLog(database, createLogger("warn"));
  audit.note({ caller: "command", role: "operator", action, operation, count, ids });
  await audit.stop();
}
