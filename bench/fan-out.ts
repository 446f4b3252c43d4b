import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What the fan-out benchmark found. */
export interface FanOutFigures {
  readonly subscribers: number;
  readonly eventsPerSecond: number;
  readonly ours: Delivery;
  /** A `ws` server that broadcasts the same bytes and does nothing else. */
  readonly bare: Delivery;
  readonly idle: readonly IdleMemory[];
}

interface Delivery {
  readonly deliveredPerSecond: number;
  /** Of all that had to be delivered. */
  readonly deliveredShare: number;
  /** From the POST of an event to the last subscriber's receipt, milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Resident memory of the server under this load. */
  readonly megabytes: number;
}

interface IdleMemory {
  readonly subscribers: number;
  readonly megabytes: number;
  /** Beyond the server without any. */
  readonly kilobytesEach: number;
}

export interface FanOutOptions {
  readonly databaseUrl?: string;
  readonly subscribers: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly idle: readonly number[];
}

/** Every subscriber asks for this. */
export const operation =
  "subscription { sessionAnalyzed { cursor type receivedAt session { id status chatSummary userSentiment endedReason startedAt endedAt customAnalysisData messageCount } } }";

/** Measures the service beside the bare server; each runs in a process of its own, and so do the subscribers. */
export async function measureFanOut(options: FanOutOptions): Promise<FanOutFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), "fan-out-"));
  const databaseUrl = options.databaseUrl ?? `sqlite:${path.join(folder, "bench.sqlite")}`;
  const { subscribers, eventsPerSecond } = options;
  try {
    const ours = await measure("service", databaseUrl, options);
    const bare = await measure("bare", ours.message, options);
    const idle: IdleMemory[] = [];
    for (const count of options.idle) idle.push(await measureIdle(databaseUrl, count));
    return { subscribers, eventsPerSecond, ours: ours.delivery, bare: bare.delivery, idle };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  kind: "service" | "bare",
  argument: string,
  { subscribers, eventsPerSecond, seconds }: FanOutOptions,
): Promise<{ delivery: Delivery; message: string }> {
  const server = await (kind === "bare" ? start("bare", argument) : startService(argument));
  const audience = await start("audience", server.address, String(subscribers), operation);
  try {
    const warmUp = 20;
    await send(server.address, warmUp, 20);
    await pause(2_000);
    await ask(audience.child, "reset");
    const total = Math.round(eventsPerSecond * seconds);
    const memory: number[] = [];
    const sampling = setInterval(() => {
      void residentBytes(server.child).then((bytes) => memory.push(bytes));
    }, 500);
    const sent = await send(server.address, total, eventsPerSecond);
    const heard = await settled(audience.child, total * subscribers);
    clearInterval(sampling);
    const latencies = heard.last.map((last, index) => last - (sent[index] ?? last)).sort((a, b) => a - b);
    const finished = Math.max(...heard.last);
    return {
      message: heard.message,
      delivery: {
        deliveredPerSecond: Math.round((heard.count / (finished - (sent[0] ?? finished))) * 1_000),
        deliveredShare: heard.count / (total * subscribers),
        p50: at(latencies, 0.5),
        p99: at(latencies, 0.99),
        megabytes: Math.round(Math.max(...memory) / 1e6),
      },
    };
  } finally {
    await stop(audience.child);
    await stop(server.child);
  }
}

async function measureIdle(databaseUrl: string, subscribers: number): Promise<IdleMemory> {
  const server = await startService(databaseUrl);
  try {
    await pause(1_000);
    const before = await residentBytes(server.child);
    const audience = await start("audience", server.address, String(subscribers), operation);
    await pause(3_000);
    const after = await residentBytes(server.child);
    await stop(audience.child);
    return {
      subscribers,
      megabytes: Math.round(after / 1e6),
      kilobytesEach: Math.round((after - before) / 1e3 / subscribers),
    };
  } finally {
    await stop(server.child);
  }
}

interface Heard {
  readonly count: number;
  /** When the last subscriber received each event, in the order of the events. */
  readonly last: readonly number[];
  readonly message: string;
}

/** Waits until everything has arrived, or nothing more arrives. */
async function settled(audience: ChildProcess, expected: number): Promise<Heard> {
  let heard = await ask<Heard>(audience, "heard");
  for (let idle = 0; heard.count < expected && idle < 10;) {
    await pause(300);
    const now = await ask<Heard>(audience, "heard");
    idle = now.count === heard.count ? idle + 1 : 0;
    heard = now;
  }
  return heard;
}

/** Posts events at an even rate. @returns when each was posted */
async function send(address: string, count: number, perSecond: number): Promise<number[]> {
  const template = await readFile(
    new URL("../test/fixtures/whippy/conversation_agent_session.analyzed.json", import.meta.url),
    "utf8",
  );
  const posts: Promise<unknown>[] = [];
  const sent: number[] = [];
  const begun = Date.now();
  for (let index = 0; index < count; index += 1) {
    await pause(begun + (index * 1_000) / perSecond - Date.now());
    const payload = JSON.parse(template) as { request_id: string; data: Record<string, unknown> };
    payload.request_id = randomUUID();
    payload.data = { ...payload.data, id: randomUUID(), messages: [] };
    sent.push(Date.now());
    posts.push(
      fetch(`${address}/webhooks/whippy`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(payload),
      }).then((response) => response.arrayBuffer()),
    );
  }
  await Promise.all(posts);
  return sent;
}

/** The service as it is built; `npm run build` comes first. */
async function startService(databaseUrl: string): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, ["dist/main.js"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
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

/** Linux tells how much of a process is in memory. */
async function residentBytes({ pid = 0 }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

async function start(part: "bare" | "audience", ...parameters: string[]) {
  const child = fork(fileURLToPath(new URL(`./fan-out/${part}.ts`, import.meta.url)), parameters, {
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

async function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
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

async function stop(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
    child.kill("SIGKILL");
  });
}

async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [subscribers = "1000", eventsPerSecond = "50", seconds = "10", idle = "1000,5000"] =
    process.argv.slice(2);
  const figures = await measureFanOut({
    ...(process.env.DATABASE_URL && { databaseUrl: process.env.DATABASE_URL }),
    subscribers: Number(subscribers),
    eventsPerSecond: Number(eventsPerSecond),
    seconds: Number(seconds),
    idle: idle.split(",").filter(Boolean).map(Number),
  });
  console.log(JSON.stringify(figures, null, 2));
}
