import { isIP } from "node:net";
import { z } from "zod";
import { isLoopback } from "./access/address.js";
import {
  type DatabaseTarget,
  DatabaseUrlError,
  parseDatabaseUrl,
  type ServerTarget,
} from "./database-url.js";
import { ConfigurationError } from "./errors.js";

export type { DatabaseTarget } from "./database-url.js";
import { type LogPart, logParts } from "./logger.js";

export type SignatureMode = "enforce" | "report-only" | "off";
export type Explorer = "auto" | "sandbox" | "graphiql";

/**
 * Every setting of the service, read once from the environment. The names, defaults and meanings stand in
 * docs/OPERATIONS.md.
 */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /**
   * How long an idle HTTP connection stays open: longer than a balancer in front keeps it, or that one sends
   * into a closing one.
   */
  readonly keepAliveSeconds: number;
  readonly database: DatabaseTarget;
  /** A replica that clients' reads go to; undefined: they go to `database`. */
  readonly databaseRead: ServerTarget | undefined;
  /** Connections of each of the two pools (writing, reading). */
  readonly databasePoolSize: number;
  /** How long a transaction may take before its delivery is answered 503. */
  readonly databaseTimeoutSeconds: number;
  /** How long the server may take for a reading statement before it ends it. */
  readonly databaseReadSeconds: number;
  /** How long to wait at start for a database that is not up yet. */
  readonly databaseWaitSeconds: number;
  /** Whether words of sessions are kept, and the filter `search` is taken. */
  readonly isSearched: boolean;
  readonly redisUrl: string | undefined;
  readonly webhook: {
    readonly secrets: readonly string[];
    readonly signatureMode: SignatureMode;
    readonly toleranceSeconds: number;
    readonly maxBytes: number;
    /** Deliveries in work at once; beyond it 503 with Retry-After. */
    readonly maxInFlight: number;
    readonly bodyTimeoutSeconds: number;
  };
  readonly graphql: {
    /**
     * The page that a browser gets at /graphql: `auto` is Apollo Sandbox where its CDN can be reached, else
     * GraphiQL.
     */
    readonly explorer: Explorer | false;
    readonly introspection: boolean;
    /** What one operation may ask for: see graphql/admission/limits.ts. */
    readonly limits: {
      readonly maxDepth: number;
      readonly maxAliases: number;
      readonly maxCost: number;
      readonly validationMilliseconds: number;
    };
    /** A file of the only operations that are served; undefined: all are. */
    readonly allowListFile: string | undefined;
  };
  /** Whether the live board is served at `/`. */
  readonly board: boolean;
  readonly corsOrigins: readonly string[];
  readonly access: {
    /** How tokens are verified: exactly one of `jwksUrl` and `secret` is set. */
    readonly jwt:
      | {
          readonly jwksUrl: string | undefined;
          readonly secret: string | undefined;
          readonly issuer: string | undefined;
          readonly audience: string | undefined;
        }
      | undefined;
    /** How many reverse proxies stand in front, each adding to X-Forwarded-For. */
    readonly trustedProxies: number;
    readonly limits: {
      readonly requestsPerMinute: number;
      readonly costPerMinute: number;
      /** Failed authentications of one address. */
      readonly failuresPerMinute: number;
      readonly socketsPerKey: number;
      readonly subscriptionsPerSocket: number;
      readonly subscriptionsPerKey: number;
    };
  };
  /** Sessions and raw events not changed for so long are deleted; undefined keeps them for ever. */
  readonly retentionDays: number | undefined;
  /** Entries of the audit log that are older are deleted; undefined keeps them for ever. */
  readonly auditRetentionDays: number | undefined;
  /** What should come is waited for; undefined: nothing is. */
  readonly expectations:
    | {
        /** When an analysis is overdue, after the session's end; undefined: it is learned. */
        readonly analysisSeconds: number | undefined;
        /** When an end is overdue, after the session's last event; undefined: it is learned. */
        readonly endSeconds: number | undefined;
      }
    | undefined;
  readonly alerts: {
    /** Whether this instance looks for what alarms have to tell, and sends it. */
    readonly isSending: boolean;
    /** Names, addresses and networks that receivers may have although they are private, and without TLS. */
    readonly privateTargets: readonly string[];
  };
  readonly logLevel: string;
  /** Of parts whose level is another. */
  readonly partLogLevels: Readonly<Partial<Record<LogPart, string>>>;
  readonly feedRetentionDays: number;
  /** Bytes of answers that all clients together may leave unread. */
  readonly unreadBytes: number;
  readonly subscriptions: {
    /** How often a connection is asked whether it is still there. */
    readonly keepAliveSeconds: number;
    /**
     * Bytes that may wait for one slow client in this process before it is told and answered at its own pace.
     */
    readonly bufferBytes: number;
    /** How long a client may take nothing of what waits before its connection is closed. */
    readonly stallSeconds: number;
  };
}

/** Where `npm start` keeps its data when DATABASE_URL is not set. */
const embeddedDefault = "sqlite:.data/conversation-agent-api.sqlite";

const integer = (least: number, most: number) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number).pipe(z.number().min(least).max(most));
const flag = z
  .enum(["true", "false", "1", "0"], "must be true or false")
  .transform((text) => text === "true" || text === "1");
const explorer = z
  .enum(["true", "false", "1", "0", "sandbox", "graphiql"], "must be true, false, sandbox or graphiql")
  .transform((text): Explorer | false => {
    if (text === "sandbox" || text === "graphiql") return text;
    return text === "true" || text === "1" ? "auto" : false;
  });
const onOrOff = z.enum(["on", "off"], "must be on or off").transform((text) => text === "on");
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

const levels = "fatal|error|warn|info|debug|trace|silent";
const logLevelPattern = new RegExp(`^(?:(?:${logParts.join("|")})=)?(?:${levels})$`);
const logLevelRule = `must be a level (${levels.replaceAll("|", ", ")}), or PART=LEVEL for a part (${logParts.join(", ")})`;

function readLogLevels(entries: readonly string[]) {
  const own = entries.findLast((entry) => !entry.includes("=")) ?? "info";
  const parts = entries.filter((entry) => entry.includes("=")).map((entry) => entry.split("="));
  return { own, parts: Object.fromEntries(parts) as Partial<Record<LogPart, string>> };
}

const environment = z.object({
  NODE_ENV: z.string().optional(),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: integer(0, 65_535).default(4000),
  HTTP_KEEP_ALIVE_SECONDS: integer(1, 3_600).default(65),
  DATABASE_URL: z.string().default(embeddedDefault).transform(readDatabaseUrl),
  DATABASE_READ_URL: z.string().transform(readDatabaseUrl).optional(),
  DATABASE_POOL_SIZE: integer(2, 500).default(16),
  DATABASE_TIMEOUT_SECONDS: integer(1, 600).default(10),
  DATABASE_READ_SECONDS: integer(1, 600).default(20),
  DATABASE_WAIT_SECONDS: integer(0, 3_600).default(60),
  SEARCH: onOrOff.default(true),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// URL" }).optional(),
  WEBHOOK_SECRETS: z
    .string()
    .transform((text) => text.split(",").map((secret) => secret.trim()))
    .refine(
      (secrets) => secrets.every((secret) => !/^(?:whsec_)?$/.test(secret)),
      "must hold no blank entry, for anybody could sign with it (a comma too many?)",
    )
    .default([]),
  WEBHOOK_SIGNATURE_MODE: z
    .enum(["enforce", "report-only", "off"], "must be enforce, report-only or off")
    .optional(),
  WEBHOOK_TOLERANCE_SECONDS: integer(1, 86_400).default(300),
  WEBHOOK_MAX_BYTES: integer(1_024, 64 * 1024 * 1024).default(5 * 1024 * 1024),
  WEBHOOK_MAX_IN_FLIGHT: integer(1, 10_000).default(256),
  WEBHOOK_BODY_TIMEOUT_SECONDS: integer(1, 600).default(20),
  GRAPHQL_EXPLORER: explorer.optional(),
  GRAPHQL_INTROSPECTION: flag.optional(),
  GRAPHQL_MAX_DEPTH: integer(1, 1_000).default(12),
  GRAPHQL_MAX_ALIASES: integer(0, 10_000).default(50),
  GRAPHQL_MAX_COST: integer(1, 1_000_000_000).default(50_000),
  GRAPHQL_VALIDATION_SECONDS: integer(1, 60).default(10),
  GRAPHQL_ALLOW_LIST: z.string().optional(),
  BOARD: flag.optional(),
  CORS_ORIGINS: list.default([]),
  JWT_JWKS_URL: z
    .string()
    .refine(isSafeKeysUrl, "must be an https:// URL (http:// on this machine only)")
    .optional(),
  JWT_SECRET: z.string().min(32, "must have at least 32 bytes").optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  TRUSTED_PROXIES: integer(0, 10).default(0),
  RATE_LIMIT_REQUESTS: integer(1, 10_000_000).default(6_000),
  RATE_LIMIT_COST: integer(1, 2_000_000_000).default(5_000_000),
  RATE_LIMIT_FAILURES: integer(1, 1_000_000).default(60),
  SOCKETS_PER_KEY: integer(1, 1_000_000).default(1_000),
  SUBSCRIPTIONS_PER_SOCKET: integer(1, 10_000).default(50),
  SUBSCRIPTIONS_PER_KEY: integer(1, 1_000_000).default(2_000),
  RETENTION_DAYS: integer(1, 36_500).optional(),
  AUDIT_RETENTION_DAYS: integer(1, 36_500).optional(),
  EXPECTATIONS: onOrOff.default(true),
  EXPECT_ANALYSIS_SECONDS: integer(1, 31_536_000).optional(),
  EXPECT_END_SECONDS: integer(1, 31_536_000).optional(),
  ALERTS: onOrOff.default(true),
  ALERT_PRIVATE_TARGETS: list
    .refine((entries) => entries.every(isTarget), "must hold host names, addresses or networks (10.0.0.0/8)")
    .default([]),
  LOG_LEVEL: list
    .refine((entries) => entries.every((entry) => logLevelPattern.test(entry)), logLevelRule)
    .default(["info"])
    .transform(readLogLevels),
  FEED_RETENTION_DAYS: integer(1, 36_500).default(30),
  SUBSCRIPTION_KEEP_ALIVE_SECONDS: integer(1, 600).default(12),
  SUBSCRIPTION_BUFFER_BYTES: integer(1_024, 64 * 1024 * 1024).default(128 * 1024),
  SUBSCRIPTION_STALL_SECONDS: integer(1, 3_600).default(30),
  UNREAD_ANSWERS_BYTES: integer(1_024 * 1_024, 64 * 1024 * 1024 * 1024).default(64 * 1024 * 1024),
});

/**
 * Reads all settings from an environment.
 * @throws ConfigurationError naming every variable that is wrong, at once. Empty variables count as absent.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    );
  }
  const settings = parsed.data;
  const production = settings.NODE_ENV === "production";
  const signatureMode =
    settings.WEBHOOK_SIGNATURE_MODE ?? defaultSignatureMode(production, settings.WEBHOOK_SECRETS);
  if (signatureMode !== "off" && settings.WEBHOOK_SECRETS.length === 0) {
    throw new ConfigurationError([
      "WEBHOOK_SECRETS: needed to verify signatures (set it to the API key of the Whippy endpoint, or say WEBHOOK_SIGNATURE_MODE=off)",
    ]);
  }
  return {
    production,
    host: settings.HOST,
    port: settings.PORT,
    keepAliveSeconds: settings.HTTP_KEEP_ALIVE_SECONDS,
    database: settings.DATABASE_URL,
    databaseRead: replicaOf(settings),
    databasePoolSize: settings.DATABASE_POOL_SIZE,
    databaseTimeoutSeconds: settings.DATABASE_TIMEOUT_SECONDS,
    databaseReadSeconds: settings.DATABASE_READ_SECONDS,
    databaseWaitSeconds: settings.DATABASE_WAIT_SECONDS,
    isSearched: settings.SEARCH,
    redisUrl: settings.REDIS_URL,
    webhook: {
      secrets: settings.WEBHOOK_SECRETS,
      signatureMode,
      toleranceSeconds: settings.WEBHOOK_TOLERANCE_SECONDS,
      maxBytes: settings.WEBHOOK_MAX_BYTES,
      maxInFlight: settings.WEBHOOK_MAX_IN_FLIGHT,
      bodyTimeoutSeconds: settings.WEBHOOK_BODY_TIMEOUT_SECONDS,
    },
    graphql: {
      explorer: settings.GRAPHQL_EXPLORER ?? (production ? false : "auto"),
      introspection: settings.GRAPHQL_INTROSPECTION ?? !production,
      limits: {
        maxDepth: settings.GRAPHQL_MAX_DEPTH,
        maxAliases: settings.GRAPHQL_MAX_ALIASES,
        maxCost: settings.GRAPHQL_MAX_COST,
        validationMilliseconds: settings.GRAPHQL_VALIDATION_SECONDS * 1_000,
      },
      allowListFile: settings.GRAPHQL_ALLOW_LIST,
    },
    board: settings.BOARD ?? !production,
    corsOrigins: settings.CORS_ORIGINS,
    access: {
      jwt: jwtOf(settings),
      trustedProxies: settings.TRUSTED_PROXIES,
      limits: {
        requestsPerMinute: settings.RATE_LIMIT_REQUESTS,
        costPerMinute: settings.RATE_LIMIT_COST,
        failuresPerMinute: settings.RATE_LIMIT_FAILURES,
        socketsPerKey: settings.SOCKETS_PER_KEY,
        subscriptionsPerSocket: settings.SUBSCRIPTIONS_PER_SOCKET,
        subscriptionsPerKey: settings.SUBSCRIPTIONS_PER_KEY,
      },
    },
    retentionDays: settings.RETENTION_DAYS,
    auditRetentionDays: settings.AUDIT_RETENTION_DAYS,
    expectations: settings.EXPECTATIONS
      ? { analysisSeconds: settings.EXPECT_ANALYSIS_SECONDS, endSeconds: settings.EXPECT_END_SECONDS }
      : undefined,
    alerts: { isSending: settings.ALERTS, privateTargets: settings.ALERT_PRIVATE_TARGETS },
    logLevel: settings.LOG_LEVEL.own,
    partLogLevels: settings.LOG_LEVEL.parts,
    feedRetentionDays: settings.FEED_RETENTION_DAYS,
    unreadBytes: settings.UNREAD_ANSWERS_BYTES,
    subscriptions: {
      keepAliveSeconds: settings.SUBSCRIPTION_KEEP_ALIVE_SECONDS,
      bufferBytes: settings.SUBSCRIPTION_BUFFER_BYTES,
      stallSeconds: settings.SUBSCRIPTION_STALL_SECONDS,
    },
  };
}

/** A provider's keys sign tokens for all its applications, so with them issuer and audience must be said. */
function jwtOf(settings: z.output<typeof environment>): Config["access"]["jwt"] {
  const jwksUrl = settings.JWT_JWKS_URL;
  const secret = settings.JWT_SECRET;
  const [issuer, audience] = [settings.JWT_ISSUER, settings.JWT_AUDIENCE];
  if (jwksUrl === undefined && secret === undefined) return undefined;
  if (jwksUrl !== undefined && secret !== undefined)
    throw new ConfigurationError(["JWT_SECRET: must not be set together with JWT_JWKS_URL"]);
  if (jwksUrl !== undefined && (issuer === undefined || audience === undefined))
    throw new ConfigurationError(["JWT_ISSUER, JWT_AUDIENCE: both needed with JWT_JWKS_URL"]);
  return { jwksUrl, secret, issuer, audience };
}

/** A replica follows a server; an SQLite file has none. */
function replicaOf(settings: z.output<typeof environment>): ServerTarget | undefined {
  const { DATABASE_URL: primary, DATABASE_READ_URL: replica } = settings;
  if (replica === undefined) return undefined;
  if (primary.kind === "file" || replica.kind === "file")
    throw new ConfigurationError([
      "DATABASE_READ_URL: must name a replica of the server that DATABASE_URL names (mysql://… both)",
    ]);
  return replica;
}

/** A host name, an address, or a network of addresses. */
function isTarget(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0) return bits === undefined && /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/i.test(address);
  const isLength =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return isLength && more.length === 0;
}

function isSafeKeysUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

function defaultSignatureMode(production: boolean, secrets: readonly string[]): SignatureMode {
  return production || secrets.length > 0 ? "enforce" : "off";
}

function readDatabaseUrl(text: string, context: z.RefinementCtx): DatabaseTarget {
  try {
    return parseDatabaseUrl(text);
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
}
