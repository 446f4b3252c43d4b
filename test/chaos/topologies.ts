import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "../support/rehearsal/free-port.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { replicate, startPair } from "../support/rehearsal/replication.js";
import { SpreadingBalancer } from "../support/rehearsal/spreading-balancer.js";
import { MYSQL_UNPACKED } from "../support/rehearsal/unpacked-mysql.js";
import { becomePrimary } from "./group-members.js";

/** When a primary was killed, and another one took writes, as `performance.now()` has it. */
export interface Election {
  readonly killedAt: number;
  readonly electedAt: number;
}

/** The databases of a rehearsal, and how instances reach them. */
export interface Topology {
  /** What each instance is told of its databases. */
  readonly instances: readonly Readonly<Record<string, string>>[];
  /** Where all that is committed can be read, once all servers run. */
  readonly databaseUrl: string;
  readonly elections: readonly Election[];
  /** kill -9 of one server of the database; returns when it is back. */
  killDatabase(): Promise<void>;
  stop(): Promise<void>;
}

const lagSeconds = 2;
const pause = () => delay(Math.random() * 1_000);

async function single(): Promise<Topology> {
  const server = await DatabaseServer.start();
  return {
    instances: Array.from({ length: 2 }, () => ({ DATABASE_URL: server.url })),
    databaseUrl: server.url,
    elections: [],
    killDatabase: async () => {
      await server.kill();
      await pause();
      await server.restart();
    },
    stop: () => server.stop(),
  };
}

/** Clients read from a replica that lags; now it is killed, now the primary. */
async function replica(): Promise<Topology> {
  const pair = await startPair();
  await replicate(pair, lagSeconds);
  const readUrl = new URL(pair.account);
  readUrl.port = String(pair.replica.port);
  let kills = 0;
  return {
    instances: Array.from({ length: 2 }, () => ({
      DATABASE_URL: pair.account,
      DATABASE_READ_URL: readUrl.href,
    })),
    databaseUrl: pair.primary.url,
    elections: [],
    killDatabase: async () => {
      kills += 1;
      const server = kills % 2 === 1 ? pair.replica : pair.primary;
      await server.kill();
      await pause();
      await server.restart();
    },
    stop: () => pair.stop(),
  };
}

/** Three nodes that all take writes, an instance on each. */
async function galera(): Promise<Topology> {
  const { control, urls, stop } = await startScript("galera");
  return ofNodes(urls, control, stop);
}

/** The same behind a balancer that leads an instance's connections to all of the nodes. */
async function balancedGalera(): Promise<Topology> {
  const nodes = await galera();
  const addresses = nodes.instances.map(({ DATABASE_URL: url = "" }) => new URL(url));
  const balancer = await SpreadingBalancer.start(addresses.map(({ port }) => Number(port)));
  const [address = new URL(nodes.databaseUrl)] = addresses;
  address.port = String(balancer.port);
  return {
    ...nodes,
    instances: nodes.instances.map(() => ({ DATABASE_URL: address.href })),
    stop: async () => {
      await balancer.stop();
      await nodes.stop();
    },
  };
}

function ofNodes(
  urls: readonly string[],
  control: (...command: string[]) => Promise<string>,
  stop: () => Promise<void>,
): Topology {
  let kills = 0;
  return {
    instances: urls.map((url) => ({ DATABASE_URL: url })),
    databaseUrl: urls[0] ?? "",
    elections: [],
    killDatabase: async () => {
      kills += 1;
      const node = String(kills % urls.length);
      await control("kill", node);
      await pause();
      await control("restart", node);
    },
    stop,
  };
}

/** Three members that all take writes, an instance on each. */
async function multiPrimary(): Promise<Topology> {
  const { control, urls, stop } = await startScript("group", { MODE: "multi" });
  return ofNodes(urls.slice(0, -1), control, stop);
}

/** Three members with one primary, which is killed, and an address that follows it. */
async function group(): Promise<Topology> {
  const { control, urls, stop } = await startScript("group");
  const address = urls.at(-1) ?? "";
  const members = urls.slice(0, -1);
  const elections: Election[] = [];
  return {
    instances: Array.from({ length: 2 }, () => ({ DATABASE_URL: address })),
    databaseUrl: address,
    elections,
    killDatabase: async () => {
      const primary = (await control("primary")).trim();
      await control("kill", primary);
      const killedAt = performance.now();
      const electedAt = await becomePrimary(members.filter((_, n) => String(n) !== primary));
      elections.push({ killedAt, electedAt });
      await becomePrimary([address]);
      await control("restart", primary);
    },
    stop,
  };
}

/** Servers, their groups, and the transfers of state between them: see the scripts. */
const portsOfScript = 40;

/** Starts servers by a script of `.ci/`, which prints their URLs. */
async function startScript(name: "galera" | "group", further: Readonly<Record<string, string>> = {}) {
  const script = fileURLToPath(new URL(`../../.ci/${name}.sh`, import.meta.url));
  const folder = await mkdtemp(path.join(tmpdir(), `${name}-`));
  const env = {
    ...process.env,
    ...further,
    MYSQL_UNPACKED,
    [`${name.toUpperCase()}_DIR`]: folder,
    [`${name.toUpperCase()}_PORT`]: String(await freePorts(portsOfScript)),
  };
  const control = async (...command: string[]) =>
    (await promisify(execFile)("bash", [script, ...command], { env })).stdout;
  const stop = async () => {
    await control("stop");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { control, urls: (await control("start")).trim().split("\n"), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const topologies: Readonly<Record<string, () => Promise<Topology>>> = {
  single,
  galera,
  "balanced-galera": balancedGalera,
  group,
  "multi-primary": multiPrimary,
  replica,
};
