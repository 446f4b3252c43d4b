import { DatabaseServer, type ServerName } from "./database-server.js";

/** A primary and its replica, in turn. */
export interface Pair {
  readonly primary: DatabaseServer;
  readonly replica: DatabaseServer;
}

/** What the two servers call differently. */
interface Dialect {
  /** Options of the command line, without which it cannot replicate. */
  readonly options: readonly string[];
  /** Forgets what was done so far, so that it is not replicated. */
  readonly forget: string;
  /** Follows the primary from what it has itself. */
  follow(primary: URL, delaySeconds: number): readonly string[];
}

const dialects: Readonly<Record<ServerName, Dialect>> = {
  mariadb: {
    options: ["--log-bin", "--log-slave-updates"],
    forget: "RESET MASTER",
    follow: ({ port, username, password }, delaySeconds) => [
      "SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos",
      `CHANGE MASTER TO master_host = '127.0.0.1', master_port = ${port}, master_user = '${username}',
       master_password = '${password}', master_use_gtid = slave_pos, master_delay = ${delaySeconds},
       master_connect_retry = 1`,
      "START SLAVE",
    ],
  },
  mysql: {
    options: ["--log-bin", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--relay-log-recovery=ON"],
    forget: "RESET BINARY LOGS AND GTIDS",
    follow: ({ port, username, password }, delaySeconds) => [
      `CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = ${port},
       source_user = '${username}', source_password = '${password}', get_source_public_key = 1,
       source_auto_position = 1, source_delay = ${delaySeconds}, source_connect_retry = 1`,
      "START REPLICA",
    ],
  },
};

/** Two servers that can replicate, with the service's account on both; nothing is replicated yet. */
export async function startPair(
  name: ServerName = "mariadb",
): Promise<Pair & { readonly account: string; stop(): Promise<void> }> {
  const { options, forget } = dialects[name];
  const start = (id: number) => DatabaseServer.start([`--server-id=${id}`, ...options], name);
  const [primary, replica] = await Promise.all([start(1), start(2)]);
  const account = await primary.createAccount();
  await replica.createAccount();
  for (const server of [primary, replica]) await server.query(forget);
  const stop = async () => {
    await Promise.all([primary.stop(), replica.stop()]);
  };
  return { primary, replica, account, stop };
}

/**
 * The replica follows the primary from what it has itself, and can be written to by replication only.
 * @param delaySeconds so much later than it could
 */
export async function replicate({ primary, replica }: Pair, delaySeconds = 0): Promise<void> {
  await replica.query("SET GLOBAL read_only = 1");
  for (const statement of dialects[replica.name].follow(new URL(primary.url), delaySeconds))
    await replica.query(statement);
}
