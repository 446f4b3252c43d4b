import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { freePort } from "../support/rehearsal/free-port.js";
import { MYSQL_UNPACKED } from "../support/rehearsal/unpacked-mysql.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { sample } from "../support/service.js";

const clients = 6;
const runFile = promisify(execFile);
const servers = fileURLToPath(new URL("../../.ci/servers.sh", import.meta.url));

/** Where the events are kept, and how its server is killed. */
interface Store {
  readonly url: string;
  /** Undefined where there is no server. */
  readonly crash: (() => Promise<void>) | undefined;
  remove(): Promise<void>;
}

async function openStore(kind: string): Promise<Store> {
  const folder = await mkdtemp(path.join(tmpdir(), "crash-test-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  if (kind === "sqlite")
    return { url: `sqlite:${path.join(folder, "crash.sqlite")}`, crash: undefined, remove };
  const ports = { MARIADB_PORT: String(await freePort()), MYSQL_PORT: String(await freePort()) };
  const env = {
    ...process.env,
    ...ports,
    SERVERS_DIR: folder,
    BUFFER_POOL: "128M",
    MYSQL_UNPACKED,
  };
  const control = async (command: string) =>
    (await runFile("bash", [servers, command, kind], { env })).stdout;
  const url = /_URL=(\S+)/.exec(await control("start"))?.[1];
  if (url === undefined) throw new Error(`${kind} could not be started.`);
  return {
    url,
    crash: async () => {
      await control("kill9");
      await delay(Math.random() * 1_000);
      await control("start");
    },
    remove: async () => {
      await control("stop");
      await remove();
    },
  };
}

/** Delivers until told to stop, and keeps what was answered 2xx and what was not. */
class Client {
  readonly answered = new Set<string>();
  readonly unanswered: string[] = [];

  async deliver(service: () => string, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const body = await newEvent();
      if (!(await this.post(service(), body))) {
        this.unanswered.push(body);
        await delay(150);
      }
    }
  }

  /** What was not answered must be accepted now, as new or as known. */
  async retry(url: string): Promise<void> {
    for (const body of this.unanswered)
      if (!(await this.post(url, body))) throw new Error("A delivery could not be made again.");
  }

  private async post(url: string, body: string): Promise<boolean> {
    const response = await fetch(`${url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: AbortSignal.timeout(20_000),
    }).catch(() => undefined);
    if (!response?.ok) return false;
    this.answered.add((JSON.parse(body) as { request_id: string }).request_id);
    return true;
  }
}

async function newEvent(): Promise<string> {
  const payload = await sample("analyzed");
  payload.request_id = randomUUID();
  payload.data.id = randomUUID();
  for (const message of payload.data.messages) message.id = randomUUID();
  return JSON.stringify(payload);
}

/**
 * One kill at a random moment. @returns the service, which is another process where it was the one that was
 * killed
 */
async function crashOnce(service: RunningProcess, store: Store, start: () => Promise<RunningProcess>) {
  await delay(300 + Math.random() * 1_200);
  if (store.crash === undefined || Math.random() < 0.5) {
    await service.end("SIGKILL");
    return await start();
  }
  await store.crash();
  return service;
}

async function becomeReady(url: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await fetch(`${url}/readyz`).catch(() => undefined))?.status !== 200) {
    if (Date.now() > deadline) throw new Error("The service is not ready 10 s after the crash.");
    await delay(100);
  }
}

/** Counts what must not be there. */
async function check(url: string, answered: ReadonlySet<string>): Promise<void> {
  const database = await Database.open(loadConfig({ DATABASE_URL: url }).database, 2);
  const rows = await database.read<{ id: string; sessionId: string }>(
    "SELECT request_id AS id, session_id AS sessionId FROM webhook_events",
  );
  const stored = new Set(rows.map(({ id }) => id));
  const lost = [...answered].filter((id) => !stored.has(id)).length;
  const torn = await database.read<{ id: string }>(
    `SELECT e.id FROM webhook_events e LEFT JOIN sessions s ON s.id = e.session_id
     LEFT JOIN session_feed f ON f.event_id = e.id LEFT JOIN analyses a ON a.event_id = e.id
     WHERE s.id IS NULL OR f.event_id IS NULL OR a.event_id IS NULL
       OR (SELECT COUNT(*) FROM session_messages j JOIN messages m ON m.cluster_key = j.message_key
           WHERE j.session_key = s.cluster_key) <> 2`,
  );
  await database.close();
  if (lost + torn.length > 0 || stored.size !== rows.length)
    throw new Error(`${lost} lost, ${torn.length} half-stored, ${rows.length - stored.size} stored twice`);
}

/**
 * Several clients deliver while the service, or the database server (one of its own, of .ci/servers.sh), is
 * killed with -9 at a random moment of each round. What was answered 2xx must be found, what was not must be
 * accepted when it is delivered again, and no session may be half-stored.
 * @param kind sqlite, mariadb or mysql
 */
export async function killUnderLoad(kind: string, rounds: number): Promise<void> {
  const store = await openStore(kind);
  const port = String(await freePort());
  const start = () =>
    startProcess({ DATABASE_URL: store.url, PORT: port, LOG_LEVEL: "info", DATABASE_TIMEOUT_SECONDS: "3" });
  let service = await start();
  try {
    let answered = 0;
    let retried = 0;
    const all = new Set<string>();
    for (let round = 1; round <= rounds; round += 1) {
      let isOver = false;
      const load = Array.from({ length: clients }, () => new Client());
      const running = load.map((client) =>
        client.deliver(
          () => service.url,
          () => isOver,
        ),
      );
      service = await crashOnce(service, store, start);
      await becomeReady(service.url);
      isOver = true;
      await Promise.all(running);
      answered += load.reduce((sum, client) => sum + client.answered.size, 0);
      retried += load.reduce((sum, client) => sum + client.unanswered.length, 0);
      for (const client of load) {
        await client.retry(service.url);
        for (const id of client.answered) all.add(id);
      }
      await check(store.url, all);
    }
    process.stdout.write(
      `${kind}: ${rounds} crashes, ${answered} deliveries answered 2xx, none lost; ${retried} delivered again\n`,
    );
  } finally {
    await service.end("SIGKILL");
    await store.remove();
  }
}
