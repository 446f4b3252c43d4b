import type { Connection, RowDataPacket } from "mysql2/promise";

/** Several servers that hold the same, behind one address or several. */
export interface Cluster {
  /** As the log and `/readyz` say it. */
  readonly name: string;
  /**
   * Said before a statement that must see what any node has committed, and after it; undefined where the node
   * that we are connected to sees it at once.
   */
  readonly waitForOthers?: {
    readonly begin: string;
    readonly end: string;
    /**
     * Whether a node answers reads while it is no member (any more, or not yet again), and lacks what the
     * others commit: then it takes no writes.
     */
    readonly mayBeNoMember: boolean;
  };
}

const galera: Cluster = {
  name: "Galera",
  waitForOthers: {
    begin: "SET SESSION wsrep_sync_wait = 1",
    end: "SET SESSION wsrep_sync_wait = DEFAULT",
    mayBeNoMember: false,
  },
};

/** Only the primary takes writes, and its address is the one that we have. */
const singlePrimary: Cluster = { name: "Group Replication, single primary" };

const multiPrimary: Cluster = {
  name: "Group Replication, multi-primary",
  waitForOthers: {
    begin: "SET SESSION group_replication_consistency = 'BEFORE'",
    end: "SET SESSION group_replication_consistency = DEFAULT",
    mayBeNoMember: true,
  },
};

/** What tells one kind from another; a server has only those of its own kind. */
const telling = ["wsrep_on", "group_replication_group_name", "group_replication_single_primary_mode"];

/** Asks a server whether it is a node of a cluster; undefined where it is a server of its own. */
export async function detectCluster(connection: Connection, version: string): Promise<Cluster | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)", [
    telling,
  ]);
  const settings = new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]));
  return clusterOf(settings, version);
}

/** @param settings those of the server's global variables that tell */
export function clusterOf(settings: ReadonlyMap<string, string>, version: string): Cluster | undefined {
  const isSet = (name: string) => !["OFF", ""].includes(settings.get(name) ?? "");
  if (isSet("wsrep_on")) return galera;
  if (isSet("group_replication_group_name"))
    return isSet("group_replication_single_primary_mode") ? singlePrimary : multiPrimary;
  const name = ["TiDB", "Vitess"].find((each) => version.toLowerCase().includes(each.toLowerCase()));
  return name === undefined ? undefined : { name };
}
