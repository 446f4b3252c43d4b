import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { parseDatabaseUrl } from "../src/database-url.js";
import { Database } from "../src/store/database.js";
import { migrate } from "../src/store/migrations/migrate.js";
import { projectedTables, webhookEvents } from "../src/store/sql/tables.js";
import { processorTime } from "./processes.js";

/** A database server for one run of the benchmark. */
export interface DatabaseServer {
  readonly url: string;
  readonly version: string;
  /** Processor time used so far, in milliseconds; NaN where it runs on another machine. */
  processorTime(): Promise<number>;
  stop(): Promise<void>;
}

/** What a MariaDB of our own is started with. */
export interface ServerSettings {
  /** How much it may keep in memory. */
  readonly bufferPool: string;
  /** Further options of its command line. */
  readonly options: readonly string[];
}

/**
 * The server of BENCH_DATABASE_URL, or a MariaDB started for this run alone. Either makes every commit
 * durable, or says so.
 * @param settings of the latter, where it is not running yet
 */
export async function databaseServer(
  settings: ServerSettings = { bufferPool: "512M", options: [] },
): Promise<DatabaseServer> {
  const given = process.env.BENCH_DATABASE_URL ?? "";
  const url = given === "" ? await startMariadb(settings) : given;
  const [row] = await query<{ version: string; durable: number }>(
    url,
    "SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS durable",
  );
  if (row?.durable !== 1)
    console.warn("This server does not make every commit durable (innodb_flush_log_at_trx_commit).");
  const pid = await processId(url);
  return {
    url,
    version: row?.version ?? "",
    processorTime: () => processorTime(pid),
    stop: given === "" ? stopMariadb : () => Promise.resolve(),
  };
}

/** A server on this machine leaves it in a file. */
async function processId(url: string): Promise<number | undefined> {
  const [row] = await query<{ file: string; folder: string }>(
    url,
    "SELECT @@pid_file AS file, @@datadir AS folder",
  );
  const file = path.resolve(row?.folder ?? "", row?.file ?? "");
  const pid = await readFile(file, "utf8").catch(() => "");
  return pid === "" ? undefined : Number(pid);
}

const ownServer = {
  ...process.env,
  SERVERS_DIR: ".data/bench-servers",
  MARIADB_PORT: process.env.BENCH_MARIADB_PORT ?? "13317",
};

async function startMariadb({ bufferPool, options }: ServerSettings): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", [".ci/servers.sh", "start", "mariadb"], {
    env: { BUFFER_POOL: bufferPool, SERVER_OPTIONS: options.join(" "), ...ownServer },
  });
  return stdout.trim().replace(/^MARIADB_URL=/, "");
}

async function stopMariadb(): Promise<void> {
  await promisify(execFile)("bash", [".ci/servers.sh", "stop", "mariadb"], { env: ownServer });
}

/** A database of one run. */
export interface BenchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A new database with the service's tables. */
export async function createDatabase(server: DatabaseServer): Promise<BenchDatabase> {
  const created = await createEmptyDatabase(server);
  const database = await Database.open(parseDatabaseUrl(created.url), 2);
  await migrate(database.writer);
  await database.close();
  return created;
}

/** A new database without tables. */
export async function createEmptyDatabase(server: DatabaseServer): Promise<BenchDatabase> {
  const name = `bench_${randomUUID().replaceAll("-", "")}`;
  await query(server.url, `CREATE DATABASE ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await query(server.url, `DROP DATABASE ${name}`);
    },
  };
}

/** How many rows there are of what was delivered and of what is made of it, by table. */
export async function countRows({ url }: BenchDatabase): Promise<Record<string, number>> {
  const counts = [webhookEvents, ...projectedTables].map(
    ({ name }) => `SELECT '${name}' AS name, COUNT(*) AS count FROM ${name}`,
  );
  const rows = await query<{ name: string; count: number }>(url, counts.join(" UNION ALL "));
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** One statement's rows, on a connection of its own. */
export async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 10_000 });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows as Row[];
  } finally {
    await connection.end();
  }
}
