import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { isLoopback } from "./access/address.js";

/** Where data is kept: one SQLite file (trial and development, one process), or a MySQL-compatible server. */
export type DatabaseTarget = FileTarget | ServerTarget;

export interface FileTarget {
  readonly kind: "file";
  readonly file: string;
}

/** Everything that DATABASE_URL says of a server. Every connection is made with all of it. */
export interface ServerTarget {
  readonly kind: "server";
  readonly host: string;
  readonly port: number;
  /** A Unix socket, used instead of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Undefined: what is sent travels in clear text. */
  readonly tls: DatabaseTls | undefined;
}

export interface DatabaseTls {
  /** What is proven of the server: nothing, that the CA knows it, or also that it is the host of the URL. */
  readonly verify: "nothing" | "ca" | "identity";
  /** The contents of PEM files. Without a CA of its own the server is verified by those of Node.js. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What is wrong with a database URL. The message holds no part of user, password or file. */
export class DatabaseUrlError extends Error {}

type Options = ReadonlyMap<string, string>;

/** Options by their spelling without `-` and `_`: clients write the same ones differently. */
const optionNames = new Map([
  ["ssl", "ssl"],
  ["sslmode", "ssl-mode"],
  ["sslca", "ssl-ca"],
  ["sslcert", "ssl-cert"],
  ["sslkey", "ssl-key"],
  ["socket", "socket"],
  ["socketpath", "socket"],
]);

/** MySQL's names and, where they differ, libpq's. */
const modes = new Map<string, DatabaseTls["verify"] | "disabled">([
  ["disabled", "disabled"],
  ["disable", "disabled"],
  ["required", "nothing"],
  ["require", "nothing"],
  ["verifyca", "ca"],
  ["verifyidentity", "identity"],
  ["verifyfull", "identity"],
]);

const form = "must be mysql://user:password@host:port/database, mariadb://… or sqlite:FILE";

/**
 * Reads DATABASE_URL, with the files that it names.
 * @throws DatabaseUrlError naming the option that is wrong or unknown
 */
export function parseDatabaseUrl(text: string): DatabaseTarget {
  if (text.startsWith("sqlite:") && text.length > "sqlite:".length)
    return { kind: "file", file: text.slice("sqlite:".length) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["mysql:", "mariadb:"].includes(url.protocol) || !/^\/[^/]+$/.test(url.pathname))
    throw new DatabaseUrlError(form);
  if (url.hash !== "") throw new DatabaseUrlError("must hold no #: write %23");
  const options = readOptions(url.searchParams);
  const host = decode(url.hostname.replace(/^\[(.*)\]$/, "$1")) || "localhost";
  return {
    kind: "server",
    host,
    port: url.port === "" ? 3306 : Number(url.port),
    socketPath: options.get("socket"),
    user: decode(url.username),
    password: decode(url.password),
    database: decode(url.pathname.slice(1)),
    tls: readTls(options, host),
  };
}

/** Whether others could read what travels to the database: it leaves this machine, and not through TLS. */
export function isReadableOnTheWay(target: DatabaseTarget): boolean {
  if (target.kind === "file") return false;
  return target.tls === undefined && target.socketPath === undefined && !isLoopback(target.host);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError("has a percent sign that encodes nothing: write %25");
  }
}

function readOptions(parameters: URLSearchParams): Options {
  const options = new Map<string, string>();
  for (const [name, value] of parameters) {
    const option = optionNames.get(bare(name));
    // A stray question mark in a password makes the rest an option: only what looks like a name is repeated.
    if (option === undefined)
      throw new DatabaseUrlError(
        `${/^[\w-]{1,40}$/.test(name) ? `option ${name} is unknown` : "has an unknown option"}: known are ` +
          [...new Set(optionNames.values())].join(", "),
      );
    if (options.has(option)) throw new DatabaseUrlError(`option ${option} is given twice`);
    if (value === "") throw new DatabaseUrlError(`option ${option} must not be empty`);
    options.set(option, value);
  }
  return options;
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[-_]/g, "");
}

function readTls(options: Options, host: string): DatabaseTls | undefined {
  const verify = verificationOf(options);
  const files = ["ssl-ca", "ssl-cert", "ssl-key"].filter((name) => options.has(name));
  if (verify === "disabled") {
    if (files[0] !== undefined)
      throw new DatabaseUrlError(`option ${files[0]} contradicts TLS being disabled`);
    return undefined;
  }
  if (verify === "nothing" && options.has("ssl-ca"))
    throw new DatabaseUrlError(
      "option ssl-ca needs ssl-mode=verify_ca or verify_identity: required verifies nothing",
    );
  if (verify === "identity" && isIP(host) !== 0)
    throw new DatabaseUrlError(
      "option ssl-mode=verify_identity needs a host name, not an address: or say verify_ca",
    );
  const cert = readPem(options, "ssl-cert");
  const key = readPem(options, "ssl-key");
  if ((cert === undefined) !== (key === undefined))
    throw new DatabaseUrlError("options ssl-cert and ssl-key must be given together");
  const tls = { verify, ca: readPem(options, "ssl-ca"), cert, key };
  try {
    createSecureContext({ cert, key });
  } catch {
    throw new DatabaseUrlError("options ssl-cert and ssl-key: the key does not belong to the certificate");
  }
  return tls;
}

/** TLS is off where nothing asks for it, and verifies all it can where nothing says how much. */
function verificationOf(options: Options): DatabaseTls["verify"] | "disabled" {
  const mode = options.get("ssl-mode");
  const ssl = options.get("ssl");
  if (mode === undefined && ssl === undefined)
    return ["ssl-ca", "ssl-cert", "ssl-key"].some((name) => options.has(name)) ? "identity" : "disabled";
  if (mode !== undefined && ssl !== undefined)
    throw new DatabaseUrlError("options ssl and ssl-mode must not be given together");
  if (ssl !== undefined) return verificationOfSsl(ssl);
  const verify = modes.get(bare(mode ?? ""));
  if (verify !== undefined) return verify;
  if (/^(?:preferred|prefer|allow)$/i.test(mode ?? ""))
    throw new DatabaseUrlError(
      "option ssl-mode: preferred falls back to clear text and is not supported: say required or disabled",
    );
  throw new DatabaseUrlError("option ssl-mode must be disabled, required, verify_ca or verify_identity");
}

function verificationOfSsl(ssl: string): DatabaseTls["verify"] | "disabled" {
  if (/^(?:true|1)$/i.test(ssl)) return "identity";
  if (/^(?:false|0)$/i.test(ssl)) return "disabled";
  const [, unauthorized] = /^\{\s*"rejectUnauthorized"\s*:\s*(true|false)\s*\}$/.exec(ssl) ?? [];
  if (unauthorized !== undefined) return unauthorized === "true" ? "identity" : "nothing";
  throw new DatabaseUrlError(
    'option ssl must be true, false or {"rejectUnauthorized":false}: see also ssl-mode',
  );
}

function readPem(options: Options, name: "ssl-ca" | "ssl-cert" | "ssl-key"): string | undefined {
  const file = options.get(name);
  if (file === undefined) return undefined;
  const text = readFile(file, name);
  const content = name === "ssl-key" ? "unencrypted private key" : "certificate";
  try {
    if (name === "ssl-key") createSecureContext({ key: text });
    else new X509Certificate(text);
  } catch {
    throw new DatabaseUrlError(`option ${name}: the file holds no ${content} in PEM`);
  }
  return text;
}

function readFile(file: string, name: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    throw new DatabaseUrlError(`option ${name}: the file cannot be read (${code})`);
  }
}
