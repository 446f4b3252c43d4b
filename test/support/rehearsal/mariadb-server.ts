import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import mysql, { type Connection, type RowDataPacket } from "mysql2/promise";
import { freePort } from "./free-port.js";

const script = fileURLToPath(new URL("../../../.ci/servers.sh", import.meta.url));

/** A MariaDB of the rehearsal's own, in a folder and on a port of its own. */
export class MariadbServer {
  private constructor(
    /** As an account that may do everything. */
    readonly url: string,
    private readonly administration: Connection,
    private readonly end: () => Promise<void>,
  ) {}

  /** @param options further ones of the server's command line */
  static async start(options: readonly string[] = []): Promise<MariadbServer> {
    const folder = await mkdtemp(path.join(tmpdir(), "rehearsal-"));
    const env = {
      ...process.env,
      SERVERS_DIR: folder,
      MARIADB_PORT: String(await freePort()),
      BUFFER_POOL: "256M",
      SERVER_OPTIONS: options.join(" "),
    };
    const control = (command: string) => promisify(execFile)("bash", [script, command, "mariadb"], { env });
    const { stdout } = await control("start");
    const url = stdout.trim().replace(/^MARIADB_URL=/, "");
    const administration = await mysql.createConnection(url);
    // A connection that the server ends by itself says so by an error that the next statement tells, too.
    administration.on("error", () => undefined);
    return new MariadbServer(url, administration, async () => {
      administration.destroy();
      await control("stop");
      await rm(folder, { recursive: true, force: true });
    });
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

  async stop(): Promise<void> {
    await this.end();
  }
}
