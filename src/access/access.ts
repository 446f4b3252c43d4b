import type { Config } from "../config.js";
import { ConfigurationError } from "../errors.js";
import type { Logger } from "../logger.js";
import { ApiKeyStore } from "../store/api-keys.js";
import { AuditLog } from "../store/audit-log.js";
import type { Database } from "../store/database.js";
import { isLoopback } from "./address.js";
import { Authenticator } from "./authenticator.js";
import { Connections } from "./connections.js";
import { Gate } from "./gate.js";
import { RateLimits } from "./rate-limits.js";
import { TokenVerifier } from "./token-verifier.js";

/** Who may come in, and how much they may ask for. */
export interface Access {
  readonly gate: Gate;
  readonly limits: RateLimits;
  readonly connections: Connections;
  readonly audit: AuditLog;
  stop(): Promise<void>;
}

/**
 * Sets up access for a service.
 * @throws ConfigurationError where neither keys nor tokens are set up and the service would be reachable from
 * elsewhere, or is in production
 */
export async function setUpAccess(
  config: Config,
  { database, cursorKey }: { readonly database: Database; readonly cursorKey: string },
  logger: Logger,
): Promise<Access> {
  const keys = new ApiKeyStore(database);
  const { jwt, limits: settings } = config.access;
  const isOpen = jwt === undefined && !(await keys.exist());
  if (isOpen) {
    refuseExposure(config);
    logger.warn(
      "no API key and no JWT is set up: whoever reaches this service on this machine reads everything",
    );
  }
  const tokens = jwt === undefined ? undefined : new TokenVerifier(jwt);
  const authenticator = new Authenticator(keys, tokens, isOpen, logger);
  const limits = await RateLimits.open(settings, config.redisUrl, cursorKey, logger);
  const connections = new Connections(keys, settings, logger);
  const audit = new AuditLog(database, logger);
  return {
    audit,
    gate: new Gate(authenticator, limits, audit, {
      trustedProxies: config.access.trustedProxies,
      corsOrigins: config.corsOrigins,
      explorer: config.graphql.explorer !== false,
      listedOnly: config.graphql.allowListFile !== undefined,
    }),
    limits,
    connections,
    stop: async () => {
      await connections.stop();
      await authenticator.stop();
      await audit.stop();
      await limits.stop();
    },
  };
}

function refuseExposure({ production, host }: Config): void {
  const remedy = "make a key (npm run keys -- create) or set JWT_JWKS_URL or JWT_SECRET";
  if (production)
    throw new ConfigurationError([`NODE_ENV=production needs callers to authenticate: ${remedy}`]);
  if (!isLoopback(host)) {
    throw new ConfigurationError([
      `HOST: without API keys and JWT only this machine is served (127.0.0.1, ::1 or localhost): ${remedy}`,
    ]);
  }
}
