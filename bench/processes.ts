import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import type { LoadOrder, LoadResult } from "./load-order.js";
import { webhookSecret } from "./workload.js";

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Where each server under test starts, from the project's folder. */
const files = {
  service: "dist/main.js",
  "by-hand": "bench/by-hand-server.ts",
  bare: "bench/bare-server.ts",
} as const;

/** The service, what one would write by hand in its stead, and a bare server that does all it does. */
export type SystemName = keyof typeof files;

export const systemNames = ["service", "by-hand", "bare"] as const satisfies readonly SystemName[];

/** A server under test, in a process of its own. */
export interface Server {
  readonly name: SystemName;
  readonly url: string;
  /** Processor time used so far, in milliseconds; NaN where the system does not tell it. */
  processorTime(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the service as it is built, which enforces every delivery's signature, or one of the others. */
export async function startUnderTest(name: SystemName, databaseUrl: string): Promise<Server> {
  const port = await freePort();
  const child = fork(files[name], {
    cwd: folder,
    execArgv: [...(name === "service" ? [] : ["--import", "tsx"]), ...profiling(name)],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      ...process.env,
      NODE_ENV: "",
      HOST: "127.0.0.1",
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      WEBHOOK_SECRETS: webhookSecret,
      WEBHOOK_SIGNATURE_MODE: "enforce",
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child);
  return { name, url, processorTime: () => processorTime(child.pid), stop: () => end(child) };
}

/** BENCH_PROFILE=service (or by-hand, or bare) leaves a CPU profile of that server in bench/results. */
export function profiling(name: SystemName): string[] {
  return process.env.BENCH_PROFILE === name ? ["--cpu-prof", "--cpu-prof-dir=bench/results"] : [];
}

/**
 * Processor time that a process used so far, in milliseconds; NaN where the system does not tell it. Linux
 * counts in hundredths of a second, in the 14th and 15th field.
 */
export async function processorTime(pid = 0): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`A server under test ended with code ${child.exitCode}.`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(100);
  }
  throw new Error("A server under test did not become ready within 30 seconds.");
}

/** Asks it to stop. Servers that were told nothing (the bare one) end at once. */
async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** The process that makes the load; one order at a time. */
export class LoadGenerator {
  private readonly child = fork("bench/load.ts", { cwd: folder, execArgv: ["--import", "tsx"] });

  /** @throws where any request was not answered with 200: then the figures mean nothing */
  async run(order: LoadOrder): Promise<LoadResult> {
    this.child.send(order);
    const [result] = (await once(this.child, "message")) as [LoadResult];
    if (result.failed > 0)
      throw new Error(`${result.failed} of ${result.requests} requests to ${order.url} failed.`);
    return result;
  }

  async stop(): Promise<void> {
    await end(this.child);
  }
}
