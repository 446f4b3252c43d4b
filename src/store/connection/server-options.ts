import type { ConnectionOptions, SslOptions } from "mysql2";
import type { DatabaseTls, ServerTarget } from "../../database-url.js";

/** How long a connection may take until the server has let us in, in milliseconds. */
const connectTimeout = 5_000;

/**
 * Milliseconds after which TCP probes a quiet connection: long before a firewall, NAT or balancer forgets it
 * (in clouds they do after 240 to 350 s), and so that a peer that is gone is noticed.
 */
const keepAliveInitialDelay = 30_000;

/** What mysql2 needs to reach and to verify the server: the same for every connection. */
export function serverOptions(target: ServerTarget): ConnectionOptions {
  return {
    host: target.host,
    port: target.port,
    socketPath: target.socketPath,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: target.tls && sslOptions(target.tls),
    connectTimeout,
    enableKeepAlive: true,
    keepAliveInitialDelay,
  };
}

function sslOptions({ verify, ca, cert, key }: DatabaseTls): SslOptions {
  return { ca, cert, key, rejectUnauthorized: verify !== "nothing", verifyIdentity: verify === "identity" };
}
