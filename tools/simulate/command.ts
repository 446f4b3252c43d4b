import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { SIMULATION_DEFAULTS, type SimulationOptions } from "./run-simulation.js";

interface Flags {
  sessions: number;
  rate?: number;
  concurrency: number;
  samples: boolean;
  seed: number;
  url?: string;
  shuffle: boolean;
  duplicate: number;
  dropAnalyzed: number;
  dropAllAfter?: number;
  fresh: boolean;
  secret?: string;
}

/** Reads the command line; explains and exits where it makes no sense. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): SimulationOptions {
  const command = describeCommand().parse(args, { from: "user" });
  const { fresh, url, secret, dropAllAfter, ...flags } = command.opts<Flags>();
  return {
    ...flags,
    dropAllAfterMs: dropAllAfter,
    url: url ?? defaultUrl(env, command),
    // An empty --secret leaves deliveries unsigned, whatever the environment says.
    secret: secret === undefined ? defaultSecret(env) : unlessEmpty(secret),
    ...(fresh ? { sessionSeed: randomInt(2 ** 47) } : {}),
  };
}

function describeCommand(): Command {
  const { sessions, concurrency, seed, duplicate, dropAnalyzed } = SIMULATION_DEFAULTS;
  const option = (flags: string, description: string): Option => new Option(flags, description);
  return new Command("simulate")
    .description("Posts simulated Whippy webhooks to a running service.")
    .allowExcessArguments(false)
    .addOption(option("--sessions <n>", "how many sessions").argParser(integer(1)).default(sessions))
    .addOption(
      option("--rate <r>", "deliveries per second (default: as fast as answered)").argParser(positive),
    )
    .addOption(
      option("--concurrency <n>", "deliveries under way at once")
        .argParser(integer(1, 1024))
        .default(concurrency),
    )
    .addOption(
      option("--samples", "post the three documented payloads instead, byte for byte")
        .default(false)
        .conflicts(["sessions", "fresh"]),
    )
    .addOption(option("--seed <n>", "the same seed sends the same bytes").argParser(integer(0)).default(seed))
    .addOption(option("--fresh", "new sessions at every run, of the seed's organizations").default(false))
    .addOption(option("--shuffle", "deliver out of order").default(false))
    .addOption(
      option("--duplicate <share>", "share of deliveries made twice, 0 to 1")
        .argParser(share)
        .default(duplicate),
    )
    .addOption(
      option("--drop-analyzed <share>", "share of sessions whose analyses get lost, 0 to 1")
        .argParser(share)
        .default(dropAnalyzed),
    )
    .addOption(
      option(
        "--drop-all-after <time>",
        "everything gets lost after this time, as in 90s, 10m or 2h",
      ).argParser(duration),
    )
    .addOption(
      option(
        "--url <url>",
        "where to post (default: /webhooks/whippy on this machine's PORT, or 4000)",
      ).argParser(webAddress),
    )
    .addOption(
      option("--secret <key>", "signs deliveries (default: the first of WEBHOOK_SECRETS; empty: unsigned)"),
    );
}

function integer(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

function positive(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

function share(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** In milliseconds. */
function duration(text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new InvalidArgumentError("It must be a whole number with its unit: ms, s, m or h.");
  return Number(count) * units[unit as keyof typeof units];
}

function webAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new InvalidArgumentError("It must be an http:// or https:// URL.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidArgumentError("It must not hold a user name or password.");
  }
  return text;
}

/** Empty variables count as absent, as they do for the service. */
function defaultUrl(env: NodeJS.ProcessEnv, command: Command): string {
  const port = unlessEmpty(env.PORT) ?? "4000";
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    command.error("error: PORT must be a whole number from 1 to 65535, or say --url");
  }
  return `http://127.0.0.1:${port}/webhooks/whippy`;
}

function defaultSecret(env: NodeJS.ProcessEnv): string | undefined {
  return env.WEBHOOK_SECRETS?.split(",")
    .map((secret) => secret.trim())
    .find((secret) => secret !== "");
}

const unlessEmpty = (text: string | undefined): string | undefined => (text === "" ? undefined : text);
