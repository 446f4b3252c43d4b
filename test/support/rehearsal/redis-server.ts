import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "./free-port.js";

const script = fileURLToPath(new URL("../../../.ci/servers.sh", import.meta.url));

/** A Redis of the test's own, in a folder and on a port of its own. */
export class RedisServer {
  private constructor(
    readonly url: string,
    private readonly control: (command: string) => Promise<unknown>,
    private readonly folder: string,
  ) {}

  static async start(): Promise<RedisServer> {
    const folder = await mkdtemp(path.join(tmpdir(), "chaos-"));
    const port = String(await freePort());
    const env = { ...process.env, SERVERS_DIR: folder, REDIS_PORT: port };
    const control = (command: string) => promisify(execFile)("bash", [script, command, "redis"], { env });
    await control("start");
    return new RedisServer(`redis://127.0.0.1:${port}`, control, folder);
  }

  /** kill -9; it is started again a while later. */
  async kill(): Promise<void> {
    await this.control("kill9");
    await delay(1_000);
    await this.control("start");
  }

  async stop(): Promise<void> {
    await this.control("stop");
    await rm(this.folder, { recursive: true, force: true });
  }
}
