import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.js";
import { metric } from "../metrics.js";

/** What signs the deliveries of rehearsals. */
export const webhookSecret = "rehearsal-secret";

/** Where `dist/main.js` is, as it was built last. */
export const presentBuild = fileURLToPath(new URL("../../..", import.meta.url));
/** On a machine that has much else to do. */
const longestStart = 90_000;
/** Characters of its output that are kept. */
const keptOutput = 4_000;

/** The service as it is built (`dist/main.js`), in a process of its own. Signatures are enforced. */
export class BuiltService {
  private child?: ChildProcess;
  private said = "";
  private isMeantToEnd = false;

  private constructor(
    readonly port: number,
    private readonly environment: Record<string, string>,
    private readonly build: string,
  ) {}

  /** @param build a folder with another build in `dist` */
  static async start(environment: Record<string, string>, build = presentBuild): Promise<BuiltService> {
    const service = new BuiltService(await freePort(), environment, build);
    await service.start();
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What is wrong with the process: it ended although nobody stopped it. */
  problems(): string[] {
    if (this.isMeantToEnd || (this.child?.exitCode === null && this.child.signalCode === null)) return [];
    return [`The service's process ended by itself: ${this.said}`];
  }

  /** @throws Error where it does not become ready in time */
  async start(): Promise<void> {
    this.isMeantToEnd = false;
    const child = spawn(process.execPath, ["dist/main.js"], {
      cwd: this.build,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        PORT: String(this.port),
        WEBHOOK_SECRETS: webhookSecret,
        LOG_LEVEL: "error",
        ...this.environment,
      },
    });
    this.child = child;
    const hear = (text: Buffer) => (this.said = (this.said + text.toString()).slice(-keptOutput));
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const deadline = Date.now() + longestStart;
    while (Date.now() < deadline) {
      await delay(100);
      if (child.exitCode !== null) throw new Error(`The service did not start: ${this.said}`);
      if (await this.isReady()) return;
    }
    await this.stop("SIGKILL");
    throw new Error(`The service did not become ready: ${this.said}`);
  }

  /** What `/readyz` says. */
  async readiness(): Promise<Record<string, unknown>> {
    return (await (await fetch(`${this.url}/readyz`)).json()) as Record<string, unknown>;
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    );
    await answer?.arrayBuffer();
    return answer?.ok === true;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.isMeantToEnd = true;
    if (this.child?.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    if (this.child.kill(signal)) await ended;
  }

  /** Memory that the process holds, in megabytes; NaN where the system does not tell it. */
  async residentMegabytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child?.pid ?? 0}/status`, "utf8").catch(() => "");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
  }

  /** A figure of `/metrics`. */
  async metric(name: string): Promise<number> {
    return await metric(this.url, name);
  }
}
