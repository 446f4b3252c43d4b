import "reflect-metadata";
import { createReadStream, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Config } from "../config.js";
import { fromDatetime, parseInstant, toDatetime } from "../model/instant.js";
import type { Database } from "../store/database.js";
import { emptyProjection } from "../store/erasure/empty-projection.js";
import { ErasureList } from "../store/erasure/erasure-list.js";
import { EventLog } from "../store/event-log.js";
import { ExpectationReader, type OverdueLine } from "../store/readers/expectation.reader.js";
import { everything, type Scope } from "../store/readers/scope.js";
import { WebhookEventReader } from "../store/readers/webhook-event.reader.js";
import { type FeedAppender, FeedWriter, leftToService, untold } from "../store/writers/feed.writer.js";
import { SessionWriter } from "../store/writers/session.writer.js";
import { CheckpointFile } from "./events/checkpoint.js";
import { exportEvents } from "./events/export-events.js";
import { importEvents } from "./events/import-events.js";
import { showProgress } from "./events/progress.js";
import { readLines } from "./events/read-lines.js";
import { longestLine } from "./events/receipt-line.js";
import { replayEvents } from "./events/replay-events.js";
import { organizationId } from "./organization-id.js";
import { runCommand } from "./run-command.js";
import { withDatabase } from "./with-database.js";

/**
 * `npm run events`: the log of raw events for operators, in the database of DATABASE_URL. Prints no personal
 * data.
 */
const stop = new AbortController();
// Once only: a second signal ends the process at once, as usual.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stop.abort();
  });
}

const program = new Command("events").description("The log of raw events: look, repair, load.");

program.command("dead").description("List the dead letters: id, receipt, type and reason.").action(listDead);

program
  .command("overdue")
  .description("List what Whippy should have sent and has not: for a support ticket. No personal data.")
  .option("--organization <uuid>", "of this organization only", organizationId)
  .action(listOverdue);

const selections = ["dead", "since", "id", "all"];
const selecting = (name: string, flags: string, description: string) =>
  new Option(flags, description).conflicts(selections.filter((other) => other !== name));

program
  .command("replay")
  .description(
    "Project recorded events again, in order of receipt. What is in the tables already does not change.",
  )
  .addOption(selecting("dead", "--dead", "all dead letters (the default)"))
  .addOption(
    selecting("since", "--since <instant>", "all received at this instant or later").argParser(instant),
  )
  .addOption(selecting("id", "--id <uuid>", "one event, by its id"))
  .addOption(selecting("all", "--all", "every event"))
  .option(
    "--into-empty",
    "with --all: first delete everything that is made of events (stop the service before)",
  )
  .option("--yes", "with --into-empty: yes, delete")
  .action(replay);

program
  .command("import")
  .argument("<file>", "NDJSON, one envelope a line; - reads stdin")
  .option(
    "--checkpoint <path>",
    "where to keep the place of an interrupted import (default: beside the file)",
  )
  .description("Store envelopes as if they had been delivered. Run it again after an interruption.")
  .action(importFile);

const overdueColumns: Readonly<Record<string, (line: OverdueLine) => string>> = {
  kind: ({ kind }) => kind,
  organization: ({ organizationId }) => organizationId,
  session: ({ sessionId }) => sessionId,
  conversation: ({ conversationId }) => conversationId ?? "",
  agent_version: ({ agentVersionId }) => agentVersionId,
  since: ({ since }) => fromDatetime(since, 3),
  due: ({ dueAt }) => fromDatetime(dueAt, 3),
  question: ({ question }) => JSON.stringify(question ?? ""),
};

program
  .command("export")
  .argument("<file>", "to be made, NDJSON, one envelope a line; - writes to stdout")
  .option("--since <instant>", "those received at this instant or later", instant)
  .description("Write raw events in order of receipt, for an import into another database.")
  .action(exportFile);

await runCommand(() => program.parseAsync());

interface ReplayOptions {
  readonly since?: string;
  readonly id?: string;
  readonly all?: true;
  readonly intoEmpty?: true;
  readonly yes?: true;
}

async function listDead(): Promise<void> {
  await withLog(async ({ reader }) => {
    let count = 0;
    for await (const { id, receivedAt, eventType, error } of reader.deadLetters()) {
      console.log([id, receivedAt, eventType, error ?? ""].join("\t"));
      count += 1;
    }
    console.error(count === 1 ? "1 dead letter" : `${count} dead letters`);
  });
}

async function listOverdue({ organization }: { readonly organization?: string }): Promise<void> {
  const scope: Scope =
    organization === undefined
      ? everything
      : { kind: "organization", organizationId: organization, masked: false };
  await withDatabase(async (database) => {
    let count = 0;
    for await (const line of new ExpectationReader(database).overdue(scope)) {
      if (count === 0) console.log(Object.keys(overdueColumns).join("\t"));
      console.log(
        Object.values(overdueColumns)
          .map((value) => value(line))
          .join("\t"),
      );
      count += 1;
    }
    console.error(`${count} overdue`);
  });
}

async function replay(options: ReplayOptions): Promise<void> {
  if (options.intoEmpty && !options.all) program.error("error: --into-empty needs --all");
  if (options.intoEmpty && !options.yes)
    program.error(
      "error: --into-empty deletes all sessions, messages and the feed before it makes them anew: add --yes",
    );
  const { id, since, all } = options;
  const selection =
    id !== undefined ? { id } : since !== undefined ? { since } : all ? {} : { status: "dead" as const };
  const feed = options.intoEmpty ? untold : undefined;
  await withLog(async ({ database, reader, events }) => {
    const total = await reader.count(selection);
    if (id !== undefined && total === 0) program.error("error: there is no event of this id");
    if (options.intoEmpty) await emptyProjection(database);
    const progress = showProgress(process.stderr, "events", total);
    const parts = { reader, events, signal: stop.signal, onProgress: progress.to };
    const { changed, unchanged, ignored, dead } = await replayEvents(selection, parts).finally(progress.stop);
    console.log(`projected ${changed}, unchanged ${unchanged}, ignored ${ignored}, dead ${dead}`);
    if (stop.signal.aborted) process.exitCode = fail("interrupted: run it again for the rest");
  }, feed);
}

async function importFile(file: string, options: { readonly checkpoint?: string }): Promise<void> {
  const checkpoint =
    file === "-" ? undefined : new CheckpointFile(file, options.checkpoint ?? `${file}.checkpoint`);
  const size =
    file === "-" ? 0 : (await stat(file).catch(() => program.error(`error: there is no file ${file}`))).size;
  await withLog(async ({ reader, events, config }) => {
    const from = (await checkpoint?.read((hash) => reader.hasBody(hash))) ??
      (await checkpoint?.begin()) ?? { begun: Date.now(), line: 0, offset: 0 };
    if (from.line > 0) console.error(`going on after line ${from.line}`);
    const progress = showProgress(process.stderr, "bytes", size);
    const longestBody = config.webhook.maxBytes;
    const lines = readLines(openSource(file, from.offset), from, longestLine(longestBody));
    const summary = await importEvents(lines, {
      events,
      reader,
      longestBody,
      checkpoint,
      begun: from.begun,
      signal: stop.signal,
      onBadLine: (number, reason) => {
        console.error(`line ${number}: ${reason}`);
      },
      onProgress: progress.to,
    }).finally(progress.stop);
    console.log(
      Object.entries(summary)
        .map(([fate, count]) => `${fate} ${count}`)
        .join(", "),
    );
    if (stop.signal.aborted) process.exitCode = fail("interrupted: run it again for the rest");
    else {
      await checkpoint?.remove();
      if (summary.bad > 0) process.exitCode = 1;
    }
  });
}

async function exportFile(file: string, { since }: { readonly since?: string }): Promise<void> {
  if (file !== "-" && existsSync(file)) program.error(`error: there is a file ${file} already`);
  const selection = since === undefined ? {} : { since };
  await withLog(async ({ reader }) => {
    const progress = showProgress(process.stderr, "events", await reader.count(selection));
    const parts = { reader, signal: stop.signal, onProgress: progress.to };
    try {
      const count = await exportEvents(file, selection, parts).finally(progress.stop);
      console.error(count === 1 ? "exported 1 event" : `exported ${count} events`);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      process.exitCode = fail("interrupted: nothing was written to the file");
    }
  });
}

/** Of stdin there is no second half to begin with: its lines are duplicates where they are stored. */
function openSource(file: string, offset: number): AsyncIterable<Buffer> {
  return file === "-" ? process.stdin : createReadStream(file, { start: offset });
}

interface LogParts {
  readonly database: Database;
  readonly reader: WebhookEventReader;
  readonly events: EventLog;
  readonly config: Config;
}

/** @param appender where changes are told; in the feed where absent */
async function withLog(work: (parts: LogParts) => Promise<void>, appender?: FeedAppender): Promise<void> {
  await withDatabase(async (database, config) => {
    const events = new EventLog(
      database,
      new SessionWriter(),
      appender ?? leftToService(new FeedWriter(database)),
      new ErasureList(database),
    );
    await work({ database, reader: new WebhookEventReader(database), events, config });
  });
}

function instant(text: string): string {
  const parsed = parseInstant(text);
  if (parsed === undefined)
    throw new InvalidArgumentError("It must be an ISO 8601 instant, such as 2026-01-31T12:00:00Z.");
  return toDatetime(parsed);
}

function fail(message: string): number {
  console.error(message);
  return 1;
}
