import driver, { type Pool } from "mysql2";
import promises from "mysql2/promise";
import { DataSource } from "typeorm";
import type { ServerTarget } from "../../database-url.js";
import { type Cluster, detectCluster } from "./cluster.js";
import type { OneServer } from "./one-server.js";
import { lockWaitSeconds, sharedOptions } from "./data-source.js";
import { createPool } from "./pool.js";
import { serverOptions } from "./server-options.js";
import type { Dialect, ServerDialect } from "../sql/dialect.js";
import { mariadb, mysql } from "../sql/mysql.dialect.js";
import { mysqlMigrations } from "../migrations/mysql/index.js";
import { splitAtLastDot } from "./table-paths.js";

/** What a server says of itself. */
export interface ServerKind {
  /** TypeORM must know, or it sees migration drift that is none. */
  readonly dialect: ServerDialect;
  /** Undefined where it is a server of its own. */
  readonly cluster: Cluster | undefined;
}

/** Asks the server which of the MySQL family it is. */
export async function detectServer(target: ServerTarget): Promise<ServerKind> {
  const connection = await promises.createConnection(serverOptions(target));
  try {
    const [rows] = await connection.query<promises.RowDataPacket[]>("SELECT VERSION() AS version");
    const version = String(rows[0]?.version);
    const cluster = await detectCluster(connection, version);
    return { dialect: /mariadb/i.test(version) ? mariadb : mysql, cluster };
  } finally {
    await connection.end();
  }
}

/**
 * What a pool is for: writing, or reading by statements that the server ends after so long. `begin` is said
 * to each connection.
 */
type Purpose = "write" | { readonly readMilliseconds: number; readonly begin?: string | undefined };

/** TypeORM's data source for a server, not initialized yet. */
export function serverDataSource(
  target: ServerTarget,
  { dialect, cluster }: ServerKind,
  poolSize: number,
  purpose: Purpose = "write",
): DataSource {
  const dataSource = new DataSource({
    ...sharedOptions(dialect),
    type: dialect.name,
    driver: {
      ...driver,
      createPool: (options: driver.PoolOptions) =>
        settledPool(options, purpose === "write" ? [] : settingsFor(dialect, purpose)),
    },
    database: target.database,
    ...formats,
    poolSize,
    migrations: mysqlMigrations,
    // TypeORM gives these to mysql2 as they are.
    extra: {
      ...poolOptions(target),
      // See mysql-connection.ts. What clients' filters reach is the reading pool, which takes one statement
      // at a time. So does a cluster: where it aborts a transaction between two statements of a packet,
      // Galera runs the rest outside of it.
      multipleStatements: purpose === "write" && cluster === undefined,
    },
  });
  splitAtLastDot(dataSource);
  return dataSource;
}

function settingsFor(dialect: Dialect, { readMilliseconds, begin }: Exclude<Purpose, "write">): string[] {
  return [...readingSettings(dialect, readMilliseconds), ...(begin === undefined ? [] : [begin])];
}

/** A pool that reads from a replica; it connects when it is first asked. */
export function replicaPool(
  target: ServerTarget,
  dialect: Dialect,
  poolSize: number,
  readMilliseconds: number,
  server: OneServer,
): Pool {
  const options = { ...formats, stringifyObjects: true, ...poolOptions(target), connectionLimit: poolSize };
  const pool = settledPool(options, readingSettings(dialect, readMilliseconds));
  pool.on("connection", (connection) => {
    server.admit(connection);
  });
  return pool;
}

const formats = { charset: "utf8mb4", timezone: "Z", dateStrings: true } as const;

function poolOptions(target: ServerTarget) {
  return {
    ...serverOptions(target),
    flags: ["-FOUND_ROWS"],
    queueLimit: waitingForConnection,
    supportBigNumbers: true,
    bigNumberStrings: false,
    // None is prepared; mysql2 sets aside half a megabyte in each connection for the 16,000 of its default.
    maxPreparedStatements: 1,
  };
}

/**
 * Callers that may wait for a connection of a pool; further ones are told at once that the database is
 * unavailable.
 */
const waitingForConnection = 1_000;

/**
 * Said once per connection. READ COMMITTED takes no gap locks (repeatable read deadlocks under concurrent
 * upserts); the modes are named because MariaDB's and MySQL's defaults differ.
 */
const connectionSettings = [
  // A server may be set to ignore what the client's greeting says of it.
  "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
  `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = ${lockWaitSeconds}, ` +
    "sql_mode = 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY," +
    "NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
];

/**
 * Said to connections that read, each in a statement of its own: a server of another make may not know one of
 * them, and is used without. What takes too long must end at the server: where only we gave it up, it would
 * go on there, and more would be asked beside it. And grouped rows may take 64 MB before they go to the disk:
 * MariaDB keeps texts at their full width, and at its 16 MB statistics by the hour (a million sessions in a
 * month) took 0.54 s instead of 0.15 s. MariaDB cuts arrays (of a page's ids) at the length of the last one.
 */
function readingSettings(dialect: Dialect, milliseconds: number): string[] {
  return [
    ...[dialect.sessionTimeLimit(milliseconds) ?? []].flat(),
    `SET SESSION tmp_table_size = ${grouped}, max_heap_table_size = ${grouped}`,
    "SET SESSION group_concat_max_len = 1048576",
  ];
}

const grouped = 64 * 1024 * 1024;

/**
 * mysql2's pool with our settings on every new connection: commands of a connection run in order, so they
 * precede its first use.
 * @param optional settings without which a connection is used all the same
 */
function settledPool(options: driver.PoolOptions, optional: readonly string[]): Pool {
  const pool = createPool(options);
  pool.on("connection", (connection) => {
    for (const statement of connectionSettings) {
      connection.query(statement, (error: unknown) => {
        if (error) connection.destroy();
      });
    }
    for (const statement of optional) connection.query(statement, () => undefined);
  });
  return pool;
}
