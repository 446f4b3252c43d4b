import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/rehearsal/free-port.js";

/** On a machine that has much else to do, and where a server of its database may be away. */
const longestStart = 90_000;

/** One instance of the service as it is built, in a process of its own, always on the same port. */
export class Instance {
  private child?: ChildProcess;
  private port = 0;

  /** @param environment where its database is, and Redis */
  constructor(private readonly environment: Readonly<Record<string, string>>) {}

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

  /** @throws Error where it does not become ready in time */
  async start(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const child = spawn(process.execPath, ["dist/main.js"], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: {
        ...process.env,
        NODE_ENV: "",
        HOST: "127.0.0.1",
        PORT: String(this.port),
        LOG_LEVEL: "fatal",
        ...this.environment,
      },
      // What keeps an instance from starting is told on stdout; the greeting is not of interest.
      stdio: ["ignore", "inherit", "ignore"],
    });
    this.child = child;
    for (let attempt = 0; attempt < longestStart / 100; attempt += 1) {
      await delay(100);
      if (child.exitCode !== null)
        throw new Error(`An instance ended with code ${child.exitCode} instead of becoming ready.`);
      if (await this.isReady()) return;
    }
    throw new Error("An instance did not become ready.");
  }

  async isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(`${this.url}/readyz`, { signal }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    return answer?.ok === true;
  }
}
