import "reflect-metadata";
import { randomBytes } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { v7 as uuidv7 } from "uuid";
import { type AlertDefinition, definitionOf, scopeOf } from "../alerts/definition.js";
import { measureNames, readMeasure } from "../alerts/measure.js";
import { MessageWriter, testKind } from "../alerts/message.js";
import { post } from "../alerts/post.js";
import { Targets } from "../alerts/targets.js";
import type { Config } from "../config.js";
import { BadInputError } from "../errors.js";
import { type SessionEventKind, sessionEventKinds } from "../events/registry.js";
import type { SchemaParts } from "../graphql/schema.js";
import { type AlertRuleRow, longestRuleName } from "../model/alert.js";
import { type ExpectationKind, expectationKinds } from "../model/expectation.js";
import { fromDatetime, now, toDatetime } from "../model/instant.js";
import { type AlertCounts, AlertOutbox } from "../store/alert-outbox.js";
import { AlertRules } from "../store/alert-rules.js";
import type { Database } from "../store/database.js";
import { FeedReader } from "../store/readers/feed.reader.js";
import { checkSessionFilter } from "../store/readers/session-filter.js";
import { organizationId } from "./organization-id.js";
import { runCommand } from "./run-command.js";
import { withDatabase } from "./with-database.js";

/** In seconds. */
const longestWindow = 366 * 86_400;

interface AddOptions {
  readonly name: string;
  readonly url: string;
  readonly organization?: string;
  readonly allOrganizations?: true;
  readonly slack?: true;
  readonly personalData?: true;
  readonly filter?: unknown;
  readonly types?: readonly SessionEventKind[];
  readonly expectations?: true | readonly ExpectationKind[];
  readonly measure?: string;
  readonly above?: number;
  readonly below?: number;
  readonly window?: number;
  readonly atLeast?: number;
  readonly perAgent?: true;
}

/** `npm run alerts`: rules that tell people by webhooks, in the database of DATABASE_URL. */
const program = new Command("alerts").description("Alarms: what is told by webhooks, and to whom.");

program
  .command("add")
  .description(
    "Add a rule: each analyzed session that matches --filter; with --types other changes too, with " +
      "--expectations what is overdue, with --measure a statistic that crosses a threshold. " +
      "The secret that its messages are signed with is printed once, to stdout.",
  )
  .requiredOption("--name <text>", "what it is called, for people", ruleName)
  .requiredOption("--url <url>", "where its messages are posted to")
  .option("--organization <uuid>", "of this organization only", organizationId)
  .option("--all-organizations", "of all organizations")
  .option("--slack", 'write {"text": …}, as Slack\'s incoming webhooks take it')
  .option("--personal-data", "do not mask what persons said, and their addresses")
  .option("--filter <json>", "a SessionFilter, as in GraphQL and exports (default: all sessions)", json)
  .option("--types <kinds>", `${sessionEventKinds.join(",")} (default: ANALYZED)`, listOf(sessionEventKinds))
  .addOption(
    new Option("--expectations [kinds]", `what is overdue: all, or ${expectationKinds.join(",")}`)
      .argParser(listOf(expectationKinds))
      .conflicts(["types", "measure"]),
  )
  .addOption(
    new Option("--measure <measure>", `a statistic: ${measureNames.join(", ")}`)
      .argParser(measure)
      .conflicts("types"),
  )
  .addOption(new Option("--above <number>", "the threshold").argParser(number).conflicts("below"))
  .option("--below <number>", "the threshold", number)
  .option("--window <time>", "of the sessions that started within, such as 30m, 24h, 7d", seconds)
  .option("--at-least <count>", "fewer sessions say nothing (default: 1)", number)
  .option("--per-agent", "each agent by itself")
  .action(add);

program.command("list").description("Show all rules, without their secrets, and how they are.").action(list);

const ofRule = (name: string, description: string) =>
  program.command(name).argument("<rule>", "its name or its id").description(description);

ofRule("test", "Send one signed message now, and say what came back.").action(tryOut);
ofRule("retry", "Send once more what was parked.").action(retry);
ofRule("remove", "Remove a rule, with all its messages.").action(remove);

await runCommand(() => program.parseAsync());

async function add(options: AddOptions): Promise<void> {
  const { name, organization, personalData, slack } = options;
  if ((options.allOrganizations === true) === (organization !== undefined))
    program.error("error: say either --organization <uuid> or --all-organizations");
  const isPersonal = Number(personalData === true);
  const organizationId = organization ?? null;
  const filter = await filterFrom(options);
  const definition = definitionFrom(options, filter);
  await withDatabase(async (database, config) => {
    // Who may not see a field may not ask by it either.
    checkSessionFilter(scopeOf({ organizationId, isPersonal }), filter, database.dialect.isSearched);
    const url = targetsOf(config).check(options.url).href;
    const rule = {
      ...{ name, organizationId, isPersonal, url },
      definition: JSON.stringify(definition),
      format: slack === true ? "slack" : "standard",
      secret: `whsec_${randomBytes(32).toString("base64")}`,
    };
    const { id } = await new AlertRules(database).create(rule, await new FeedReader(database).head());
    console.log(rule.secret);
    console.error(
      `Added ${name} (${id}). Receivers verify with the secret above: it is not shown again. ` +
        `Try it out: alerts test ${id}`,
    );
  });
}

async function list(): Promise<void> {
  await withDatabase(async (database) => {
    const rules = await new AlertRules(database).list();
    const counts = new Map((await new AlertOutbox(database).counts()).map((each) => [each.ruleId, each]));
    const head = await new FeedReader(database).head();
    for (const rule of rules) console.log(describe(rule, counts.get(rule.id), head.position));
    console.error(rules.length === 1 ? "1 rule" : `${rules.length} rules`);
  });
}

async function tryOut(nameOrId: string): Promise<void> {
  await withRule(nameOrId, async (rule, database, config) => {
    const message = {
      ...{ id: uuidv7(), kind: testKind, organizationId: rule.organizationId },
      ...{ eventId: null, sessionId: null, facts: null },
      receivedAt: toDatetime(now()),
    };
    const posted = await new MessageWriter(database).write(rule, message, new Date());
    const { isTaken, note } = await post(rule.url, posted, targetsOf(config));
    // What waits for the receiver to be well again need wait no longer.
    if (isTaken) await new AlertOutbox(database).hurry(rule.id);
    console.log(note);
    console.error(isTaken ? "The receiver has taken it." : "The receiver has not taken it.");
    if (!isTaken) process.exitCode = 1;
  });
}

async function retry(nameOrId: string): Promise<void> {
  await withRule(nameOrId, async ({ id }, database) => {
    const count = await new AlertOutbox(database).retry(id, toDatetime(now()));
    console.error(count === 1 ? "1 message is sent once more." : `${count} messages are sent once more.`);
  });
}

async function remove(nameOrId: string): Promise<void> {
  await withRule(nameOrId, async ({ id, name }, database) => {
    await new AlertRules(database).remove(id);
    console.error(`Removed ${name}.`);
  });
}

async function withRule(
  nameOrId: string,
  work: (rule: AlertRuleRow, database: Database, config: Config) => Promise<void>,
): Promise<void> {
  await withDatabase(async (database, config) => {
    const rule = await new AlertRules(database).find(nameOrId);
    if (rule === undefined) program.error(`error: there is no rule ${nameOrId}`);
    else await work(rule, database, config);
  });
}

function targetsOf({ alerts }: Config): Targets {
  return new Targets(alerts.privateTargets);
}

/** The same checks as of GraphQL's input. */
async function filterFrom({ filter }: AddOptions): Promise<object> {
  if (filter === undefined) return {};
  // Loaded where it is needed: the schema takes longer than all the rest.
  const { readFilter } = await import("../export/filter-input.js");
  const { createSchema } = await import("../graphql/schema.js");
  // Reading an input calls no resolver, so it needs none of their parts.
  return readFilter(filter, await createSchema({} as SchemaParts));
}

function definitionFrom(options: AddOptions, filter: object): AlertDefinition {
  const { types, expectations, above, below, window, atLeast, perAgent } = options;
  if (options.measure === undefined) {
    for (const name of ["above", "below", "window", "atLeast", "perAgent"] as const)
      if (options[name] !== undefined) program.error(`error: --${kebab(name)} is for --measure`);
    if (expectations === undefined) return { kind: "match", types: types ?? ["ANALYZED"], filter };
    return { kind: "expectation", expectations: expectations === true ? null : expectations, filter };
  }
  const threshold = above ?? below;
  if (threshold === undefined || window === undefined)
    return program.error("error: --measure needs --window, and --above or --below");
  return {
    ...{ kind: "statistic", filter, measure: options.measure, threshold, windowSeconds: window },
    comparison: above === undefined ? "below" : "above",
    atLeast: atLeast ?? 1,
    isPerAgent: perAgent === true,
  };
}

/** Of the address only the host: the rest may be a secret. */
function describe(rule: AlertRuleRow, counts: AlertCounts | undefined, head: number): string {
  const { kind, ...definition } = definitionOf(rule);
  const { waiting = 0, parked = 0, oldest = null } = counts ?? {};
  const lines = {
    organization: rule.organizationId ?? "all",
    [kind]: JSON.stringify(definition),
    to: `${new URL(rule.url).origin} (${rule.format}, ${rule.isPersonal === 1 ? "with personal data" : "masked"})`,
    waiting: oldest === null ? String(waiting) : `${waiting}, the oldest since ${instant(oldest)}`,
    parked: String(parked),
    ...(kind !== "statistic" && { behind: `${head - Number(rule.position)} entries of the feed` }),
    ...(rule.gaps > 0 && { gaps: String(rule.gaps) }),
    "last sent": instant(rule.lastSentAt),
    ...(rule.lastError !== null && {
      "last error": `${rule.lastError}${rule.failures === 0 ? "" : retrying(rule)}`,
    }),
  };
  const details = Object.entries(lines).map(([name, text]) => `  ${name}: ${text}`);
  return [`${rule.name}  ${rule.id}`, ...details].join("\n");
}

function retrying({ failures, nextAt }: AlertRuleRow): string {
  return ` (${failures} in a row${nextAt === null ? "" : `; next attempt ${instant(nextAt)}`})`;
}

function instant(datetime: string | null): string {
  return datetime === null ? "never" : fromDatetime(datetime, 0);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** By code points, as the column counts. */
function ruleName(text: string): string {
  const { length } = Array.from(text);
  if (length < 1 || length > longestRuleName || text !== text.trim())
    throw new InvalidArgumentError(`must have 1 to ${longestRuleName} characters, and no space around them.`);
  return text;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("must be JSON.");
  }
}

function listOf<Name extends string>(names: readonly Name[]) {
  return (text: string): readonly Name[] => {
    const listed = text.split(",").map((part) => part.trim().toUpperCase());
    const known = names.filter((name) => listed.includes(name));
    if (known.length !== listed.length) throw new InvalidArgumentError(`must be of ${names.join(", ")}.`);
    return known;
  };
}

function measure(text: string): string {
  try {
    readMeasure(text);
    return text;
  } catch (error) {
    if (error instanceof BadInputError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function number(text: string): number {
  if (!/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) throw new InvalidArgumentError("must be a number, such as 0.3.");
  return Number(text);
}

function seconds(text: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("must be a time, such as 30m, 24h or 7d.");
  const length = Number(count) * ({ m: 60, h: 3_600, d: 86_400 }[unit] ?? 0);
  if (length > longestWindow) throw new InvalidArgumentError("must be at most 366d.");
  return length;
}
