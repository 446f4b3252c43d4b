import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Servers } from "./servers.js";

/** One instance of the service as it is built, in a process of its own, always on the same port. */
export class Instance {
  private child!: ChildProcess;

  private constructor(
    private readonly port: number,
    private readonly servers: Servers,
  ) {}

  static async start(port: number, servers: Servers): Promise<Instance> {
    const instance = new Instance(port, servers);
    await instance.launch();
    return instance;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async killAndRestart(): Promise<void> {
    await this.stop();
    await delay(300);
    await this.launch();
  }

  /** kill -9: nothing is put in order. */
  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    if (this.child.kill("SIGKILL")) await ended;
  }

  private async launch(): Promise<void> {
    this.child = spawn(process.execPath, ["dist/main.js"], {
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
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok === true) return;
      if (this.child.exitCode !== null)
        throw new Error(`An instance ended with code ${this.child.exitCode} instead of becoming ready.`);
      await delay(100);
    }
    throw new Error("An instance did not become ready.");
  }
}
