import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { jwtSecret } from "../support/callers.js";
import { Readiness } from "../support/rehearsal/readiness.js";
import { startProxy, type StallableProxy } from "../support/stallable-proxy.js";
import { Instance } from "./instance.js";
import { AlarmReceiver } from "./alarm-receiver.js";
import { compareKept } from "./kept-events.js";
import { RedisServer } from "../support/rehearsal/redis-server.js";
import { Audience } from "./subscriber.js";
import { type Topology, topologies } from "./topologies.js";
import { Writers } from "./writers.js";

/** Within that every instance must be ready again, once a new primary is elected. */
const longestRecovery = 15_000;
/** Longer than a client waits for what should be heard. */
const longestStall = 3_000;

interface Options {
  readonly seconds: number;
  readonly writers: number;
  readonly subscribers: number;
  /** Whether alarms are received, too. */
  readonly alarms: boolean;
}

/**
 * Instances on a topology of databases, and one Redis; writers whose commits come out of order, and repeat
 * events on all instances at once; subscribers with filters, which use the client for frontends over both of
 * its transports, and leave and come back at random; kill -9 of instances, of Redis and of the databases'
 * servers; and networks before the instances that cut and stall. In the end each subscriber must have heard
 * exactly the feed under its filter: no gap, no repetition, in order. What was acknowledged is kept, and is
 * projected as on a single server.
 * @returns whether that was so
 */
export async function killInstances(name: string, options: Options): Promise<boolean> {
  const begun = Date.now();
  const topology = await topologies[name]?.();
  if (topology === undefined) throw new Error(`There is no topology ${name}.`);
  const redis = await RedisServer.start();
  const environment = {
    REDIS_URL: redis.url,
    JWT_SECRET: jwtSecret,
    SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1",
    ALERT_PRIVATE_TARGETS: "127.0.0.1",
  };
  const instances = topology.instances.map((urls) => new Instance({ ...urls, ...environment }));
  const networks: StallableProxy[] = [];
  try {
    await Promise.all(instances.map((instance) => instance.start()));
    for (const { url } of instances) networks.push(await startProxy(url));
    const { figures, problems } = await rehearse({ topology, redis, instances, networks }, options);
    console.log(`\n${name}: ${problems.length === 0 ? "all as it must be" : "FAILED"}`);
    console.table([{ ...figures, "seconds in all": Math.round((Date.now() - begun) / 1_000) }]);
    for (const problem of problems) console.error(`  ${problem}`);
    return problems.length === 0;
  } finally {
    await Promise.all([...instances.map((each) => each.stop()), ...networks.map((each) => each.close())]);
    await redis.stop();
    await topology.stop();
  }
}

/** All that can be killed or troubled. */
interface Stage {
  readonly topology: Topology;
  readonly redis: RedisServer;
  readonly instances: readonly Instance[];
  /** Between subscribers and instances, one before each. */
  readonly networks: readonly StallableProxy[];
}

async function rehearse(stage: Stage, { seconds, ...options }: Options) {
  const { topology, instances, networks } = stage;
  const urls = instances.map(({ url }) => url);
  const audience = await Audience.gather(
    options.subscribers,
    networks.map(({ url }) => url.replace(/\/$/, "")),
  );
  const alarms = options.alarms ? await AlarmReceiver.start(topology.databaseUrl) : undefined;
  const writers = new Writers(options.writers, urls, topology.databaseUrl);
  const readiness = instances.map((instance) => new Readiness(instance));
  const killing = killFor(seconds, stage);
  const bodies = await writers.run(killing);
  const kills = await killing;
  const feed = await readFeed(topology.databaseUrl, audience);
  const problems = await audience.compareWith(feed);
  problems.push(...(await compareKept(topology.databaseUrl, bodies)));
  problems.push(...((await alarms?.compareWith(feed)) ?? []));
  await Promise.all(readiness.map((each) => each.stop()));
  const readyAfter = topology.elections.map(({ electedAt }) => untilReady(readiness, electedAt));
  if (!readyAfter.every((milliseconds) => milliseconds <= longestRecovery))
    problems.push(`After elections instances were ready within ${readyAfter.join(", ")} ms.`);
  const figures = {
    events: bodies.length,
    entries: feed.length,
    ...kills,
    reconnections: audience.reconnects,
    heard: audience.heard,
    ...alarms?.figures,
    "longest silence ms": Math.round(writers.longestSilence),
    ...(readyAfter.length > 0 && {
      "ready ms after election": Math.max(...readyAfter),
      "and after the kill": Math.max(
        ...topology.elections.map(({ killedAt }) => untilReady(readiness, killedAt)),
      ),
    }),
  };
  return { figures, problems };
}

/** Milliseconds until all instances were ready. */
function untilReady(readiness: readonly Readiness[], instant: number): number {
  return Math.max(...readiness.map((each) => each.readyAfter(instant)));
}

/**
 * One after another, each with its return, and each of them once at the least: a server of the database, an
 * instance, Redis, the network before an instance.
 */
async function killFor(seconds: number, { topology, redis, instances, networks }: Stage) {
  const kills = { "killed databases": 0, "killed instances": 0, "killed Redis": 0, "cut networks": 0 };
  const end = Date.now() + seconds * 1_000;
  for (let turn = 0; turn < 4 || Date.now() < end; turn += 1) {
    await delay(1_000 + Math.random() * 1_000);
    if (turn % 4 === 0) {
      await topology.killDatabase();
      kills["killed databases"] += 1;
    } else if (turn % 4 === 1) {
      await instances[kills["killed instances"] % instances.length]?.killAndRestart();
      kills["killed instances"] += 1;
    } else if (turn % 4 === 2) {
      await redis.kill();
      kills["killed Redis"] += 1;
    } else {
      await cutAndStall(networks[kills["cut networks"] % networks.length]);
      kills["cut networks"] += 1;
    }
  }
  return kills;
}

/** What is cut, a client hears of at once; what stalls, it must notice by itself. */
async function cutAndStall(network: StallableProxy | undefined): Promise<void> {
  network?.cut();
  await delay(Math.random() * 1_000);
  network?.resume();
  await delay(500);
  network?.stall();
  await delay(longestStall);
  network?.resume();
}

async function readFeed(url: string, audience: Audience) {
  const database = await mysql.createConnection(url);
  try {
    return await audience.readFeed(database);
  } finally {
    await database.end();
  }
}
