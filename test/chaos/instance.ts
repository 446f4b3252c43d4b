import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Servers } from "./servers.js";

/** One instance of the service as it is built, in a process of its own, always on the same port. */
export class Instance {
  private child?: ChildProcess;

  constructor(
    private readonly port: number,
    private readonly servers: Servers,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async killAndRestart(): Promise<void> {
    await this.stop();
    await delay(300);
    await this.start();
  }

  /** kill -9: nothing is put in order. */
  async stop(): Promise<void> {
    if (this.child?.exitCode !== null) return;
    const ended = once(this.child, "exit");
    if (this.child.kill("SIGKILL")) await ended;
  }

  /** @throws Error where it does not become ready within about 20 seconds */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ["dist/main.js"], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: {
        ...process.env,
        NODE_ENV: "",
        HOST: "127.0.0.1",
        PORT: String(this.port),
        DATABASE_URL: this.servers.databaseUrl,
        REDIS_URL: this.servers.redisUrl,
        LOG_LEVEL: "fatal",
      },
      // What keeps an instance from starting is told on stdout; the greeting is not of interest.
      stdio: ["ignore", "inherit", "ignore"],
    });
    this.child = child;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      await delay(100);
      if (child.exitCode !== null)
        throw new Error(`An instance ended with code ${child.exitCode} instead of becoming ready.`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok === true) return;
    }
    throw new Error("An instance did not become ready.");
  }
}
