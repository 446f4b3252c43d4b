import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { profiling } from "../processes.js";

/** A server, or an audience, in a process of its own. */
export interface Part {
  readonly child: ChildProcess;
  /** The server's origin. */
  readonly address: string;
}

/** The service as it is built; `npm run build` comes first. */
export async function startService(databaseUrl: string): Promise<Part> {
  const child = spawn(process.execPath, [...profiling("service"), "dist/main.js"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { ...process.env, NODE_ENV: "", PORT: "0", LOG_LEVEL: "info", DATABASE_URL: databaseUrl },
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const line of createInterface(child.stdout)) {
    const { msg, graphql } = JSON.parse(line) as { msg: string; graphql?: string };
    if (msg !== "listening" || graphql === undefined) continue;
    child.stdout.resume();
    return { child, address: new URL(graphql).origin };
  }
  throw new Error("The service ended before it was ready.");
}

/** A `ws` server that sends this message to everyone on each POST. */
export async function startBare(message: string): Promise<Part> {
  return await start("bare", [message]);
}

/** Who subscribes, and to what; some of them never read again once they have subscribed. */
export interface AudienceOrder {
  readonly address: string;
  readonly operation: string;
  readonly subscribers: number;
  readonly stalled: number;
  /** What those ask for who never read. */
  readonly stalledOperation: string;
}

export async function startAudience(order: AudienceOrder): Promise<Part> {
  return await start("audience", [JSON.stringify(order)]);
}

async function start(part: "bare" | "audience", parameters: string[]): Promise<Part> {
  const child = fork(fileURLToPath(new URL(`./${part}.ts`, import.meta.url)), parameters, {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const { address } = await new Promise<{ address: string }>((resolve, reject) => {
    child.once("message", resolve as (message: unknown) => void);
    child.once("exit", () => {
      reject(new Error(`${part} ended before it was ready`));
    });
  });
  return { child, address };
}

/** Asks an audience. */
export async function ask<Answer>({ child }: Part, question: string): Promise<Answer> {
  return await new Promise<Answer>((resolve) => {
    const id = randomUUID();
    const listener = (message: { id?: string; answer?: Answer }) => {
      if (message.id !== id) return;
      child.off("message", listener);
      resolve(message.answer as Answer);
    };
    child.on("message", listener);
    child.send({ id, question });
  });
}

/** Linux tells how much of a process is in memory. */
export async function residentBytes({ child }: Part): Promise<number> {
  const status = await readFile(`/proc/${child.pid ?? 0}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/**
 * Processor time used so far, in milliseconds: Linux counts hundredths of a second, in the 14th and 15th
 * field.
 */
export async function processorTime({ child }: Part): Promise<number> {
  const stat = await readFile(`/proc/${child.pid ?? 0}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export async function stop({ child }: Part): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
    child.kill("SIGTERM");
  });
}
