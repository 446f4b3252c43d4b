import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import mysql, { type Connection, type RowDataPacket } from "mysql2/promise";
import { freePort } from "./free-port.js";
import { MYSQL_UNPACKED } from "./unpacked-mysql.js";

const script = fileURLToPath(new URL("../../../.ci/servers.sh", import.meta.url));

export type ServerName = "mariadb" | "mysql";

/** A MariaDB or MySQL of the rehearsal's own, in a folder and on a port of its own. */
export class DatabaseServer {
  private constructor(
    readonly name: ServerName,
    /** As an account that may do everything. */
    readonly url: string,
    private administration: Connection,
    private readonly control: (command: string) => Promise<unknown>,
    private readonly folder: string,
  ) {}

  /** @param options further ones of the server's command line */
  static async start(options: readonly string[] = [], name: ServerName = "mariadb"): Promise<DatabaseServer> {
    const folder = await mkdtemp(path.join(tmpdir(), "rehearsal-"));
    const env = {
      ...process.env,
      MYSQL_UNPACKED,
      SERVERS_DIR: folder,
      [`${name.toUpperCase()}_PORT`]: String(await freePort()),
      BUFFER_POOL: "256M",
      SERVER_OPTIONS: options.join(" "),
    };
    const control = (command: string) => promisify(execFile)("bash", [script, command, name], { env });
    const { stdout } = await control("start");
    const url = stdout.trim().replace(/^\w+_URL=/, "");
    return new DatabaseServer(name, url, await connectTo(url), control, folder);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async query<Row = Record<string, unknown>>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const [rows] = await this.administration.query<RowDataPacket[]>(sql, [...values]);
    return rows as Row[];
  }

  /** Makes the account that the service has: all of its database, and nothing else. @returns its URL */
  async createAccount(): Promise<string> {
    await this.query("CREATE USER service@'%' IDENTIFIED BY 'service-local-only'");
    await this.query("GRANT ALL ON app.* TO service@'%'");
    const url = new URL(this.url);
    url.username = "service";
    url.password = "service-local-only";
    return url.href;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.control("kill9");
  }

  /** Starts it again on what it has. */
  async restart(): Promise<void> {
    this.administration.destroy();
    await this.control("start");
    this.administration = await connectTo(this.url);
  }

  async stop(): Promise<void> {
    this.administration.destroy();
    await this.control("stop");
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function connectTo(url: string): Promise<Connection> {
  const connection = await mysql.createConnection(url);
  // A connection that the server ends by itself says so by an error that the next statement tells, too.
  connection.on("error", () => undefined);
  return connection;
}
