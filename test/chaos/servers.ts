import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("../../.ci/servers.sh", import.meta.url));

/** MariaDB and Redis of the test's own. */
export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** kill -9; it is started again a while later. */
  killRedis(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them in a folder and on ports of their own. */
export async function startServers(): Promise<Servers> {
  const folder = await mkdtemp(path.join(tmpdir(), "chaos-"));
  const environment = {
    ...process.env,
    SERVERS_DIR: folder,
    MARIADB_PORT: process.env.CHAOS_MARIADB_PORT ?? "25307",
    REDIS_PORT: process.env.CHAOS_REDIS_PORT ?? "25379",
    BUFFER_POOL: "64M",
  };
  const run = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)("bash", [script, ...words], { env: environment });
    return stdout;
  };
  const urls = await run("start", "mariadb", "redis");
  const urlOf = (name: string) => new RegExp(`^${name}_URL=(.+)$`, "m").exec(urls)?.[1] ?? "";
  return {
    databaseUrl: urlOf("MARIADB"),
    redisUrl: urlOf("REDIS"),
    killRedis: async () => {
      await run("kill9", "redis");
      await delay(1_000);
      await run("start", "redis");
    },
    stop: async () => {
      await run("stop", "mariadb", "redis");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
