import "reflect-metadata";
import { Command, InvalidArgumentError, Option } from "commander";
import { generateApiKey, hashSecret, isPrefix } from "../access/api-key.js";
import { type Role, roles } from "../access/caller.js";
import { toDatetime } from "../model/instant.js";
import { ApiKeyStore } from "../store/api-keys.js";
import { type ApiKeyRow, longestKeyName } from "../model/bookkeeping.js";
import { days } from "./days.js";
import { organizationId } from "./organization-id.js";
import { runCommand } from "./run-command.js";
import { withDatabase } from "./with-database.js";

interface CreateOptions {
  readonly name: string;
  readonly role: Role;
  readonly organization?: string;
  readonly allOrganizations?: true;
  readonly expiresInDays?: number;
}

/** `npm run keys`: makes, lists and revokes API keys in the database of DATABASE_URL. */
const program = new Command("keys").description("API keys: who may read, what, and until when.");

program
  .command("create")
  .description("Make a key. It is printed once, to stdout, and cannot be shown again.")
  .requiredOption("--name <text>", "who holds it, for people", keyName)
  .addOption(new Option("--role <role>", "what it may do").choices(roles).default("reader"))
  .option("--organization <uuid>", "read this organization only", organizationId)
  .option("--all-organizations", "read all organizations (operators always do)")
  .option("--expires-in-days <days>", "it expires after this number of days", days)
  .action(create);

program.command("list").description("Show all keys, without their secrets.").action(list);

program
  .command("revoke")
  .argument("<prefix>", "the key's prefix, as list shows it", (text) => text.replace(/^caa_/, "").slice(0, 8))
  .description("End a key: within seconds it is refused, and its open sockets are closed.")
  .action(revoke);

await runCommand(() => program.parseAsync());

async function create(options: CreateOptions): Promise<void> {
  const isForAll = options.allOrganizations === true || options.role === "operator";
  if (isForAll === (options.organization !== undefined)) {
    program.error(
      options.role === "operator"
        ? "error: an operator reads all organizations; --organization is for readers"
        : "error: say either --organization <uuid> or --all-organizations",
    );
  }
  const key = generateApiKey();
  await withKeys(async (keys) => {
    await keys.create({
      prefix: key.prefix,
      secretSha256: hashSecret(key.secret),
      name: options.name,
      organizationId: options.organization ?? null,
      role: options.role,
      expiresAt: options.expiresInDays === undefined ? null : inDays(options.expiresInDays),
    });
  });
  console.log(key.text);
  console.error(`Made ${key.prefix} (${options.role}). Keep the key above: it is not shown again.`);
}

async function list(): Promise<void> {
  await withKeys(async (keys) => {
    const rows = await keys.list();
    if (rows.length === 0) console.error("There are no keys.");
    else console.table(rows.map(describe));
  });
}

async function revoke(prefix: string): Promise<void> {
  await withKeys(async (keys) => {
    if (isPrefix(prefix) && (await keys.revoke(prefix))) console.error(`Revoked ${prefix}.`);
    else program.error(`error: there is no key ${prefix} that could be revoked`);
  });
}

async function withKeys(work: (keys: ApiKeyStore) => Promise<void>): Promise<void> {
  await withDatabase((database) => work(new ApiKeyStore(database)));
}

function describe(key: ApiKeyRow) {
  return {
    prefix: key.prefix,
    name: key.name,
    role: key.role,
    organization: key.organizationId ?? "all",
    created: seconds(key.createdAt),
    expires: seconds(key.expiresAt),
    "last used": seconds(key.lastUsedAt),
    revoked: seconds(key.revokedAt),
  };
}

function seconds(datetime: string | null): string {
  return datetime?.slice(0, 19) ?? "";
}

function inDays(count: number): string {
  return toDatetime(new Date(Date.now() + count * 86_400_000).toISOString());
}

/** By code points, as the column counts. */
function keyName(text: string): string {
  const { length } = Array.from(text);
  if (length < 1 || length > longestKeyName)
    throw new InvalidArgumentError(`must have 1 to ${longestKeyName} characters.`);
  return text;
}
