import type { Config } from "./config.js";
import { isReadableOnTheWay } from "./database-url.js";

interface Check {
  readonly isDoubtful: (config: Config) => boolean;
  readonly warning: string;
}

/**
 * What may be right in production, but seldom is: said at start. What never is, keeps the service from
 * starting. See docs/PRODUCTION.md.
 */
const checks: readonly Check[] = [
  {
    isDoubtful: ({ webhook }) => webhook.signatureMode !== "enforce",
    warning: "WEBHOOK_SIGNATURE_MODE is not enforce: anyone can send events",
  },
  {
    isDoubtful: ({ corsOrigins }) => corsOrigins.includes("*"),
    warning: "CORS_ORIGINS is *: any web page may use a key that it is given",
  },
  {
    isDoubtful: ({ graphql }) => graphql.introspection || graphql.explorer !== false,
    warning: "GRAPHQL_INTROSPECTION or GRAPHQL_EXPLORER is on: the schema is shown to every caller",
  },
  {
    isDoubtful: ({ database }) => database.kind === "file",
    warning: "the database is an SQLite file: one process only, and no replica",
  },
  {
    isDoubtful: ({ database }) => isReadableOnTheWay(database),
    warning:
      "DATABASE_URL names a remote host without TLS: texts and the password's proof travel unencrypted; " +
      "say ssl-mode=verify_identity",
  },
  {
    isDoubtful: ({ databaseRead }) => databaseRead !== undefined && isReadableOnTheWay(databaseRead),
    warning:
      "DATABASE_READ_URL names a remote host without TLS: texts and the password's proof travel unencrypted; " +
      "say ssl-mode=verify_identity",
  },
  {
    isDoubtful: ({ retentionDays }) => retentionDays === undefined,
    warning: "RETENTION_DAYS is not set: personal data is kept for ever",
  },
  {
    isDoubtful: ({ redisUrl }) => redisUrl === undefined,
    warning: "REDIS_URL is not set: each instance counts requests for itself",
  },
  {
    isDoubtful: ({ access }) => access.trustedProxies === 0,
    warning:
      "TRUSTED_PROXIES is 0: without a proxy keys travel unencrypted; behind one all callers share its address",
  },
];

/** Sentences to warn with at start; none outside production. */
export function productionWarnings(config: Config): string[] {
  if (!config.production) return [];
  return checks.filter(({ isDoubtful }) => isDoubtful(config)).map(({ warning }) => warning);
}
