import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { Instance } from "./instance.js";
import { startServers } from "./servers.js";
import { Audience } from "./subscriber.js";
import { Writers } from "./writers.js";

/**
 * Two instances, one MariaDB, one Redis; writers whose commits come out of order; subscribers with filters
 * that leave and come back at random; and kill -9 of instances and of Redis. In the end each subscriber must
 * have heard exactly the feed under its filter: no gap, no repetition, in order.
 * @returns whether that was so
 */
export async function killInstances(options: {
  readonly seconds: number;
  readonly writers: number;
  readonly subscribers: number;
}): Promise<boolean> {
  const servers = await startServers();
  const database = await mysql.createConnection(servers.databaseUrl);
  const instances = [25_400, 25_401].map((port) => new Instance(port, servers));
  const urls = instances.map(({ url }) => url);
  let failed = false;
  try {
    await Promise.all(instances.map((instance) => instance.start()));
    const audience = await Audience.gather(options.subscribers, urls);
    const writers = new Writers(options.writers, urls, servers.databaseUrl);
    const end = Date.now() + options.seconds * 1_000;
    let kills = 0;
    const killing = (async () => {
      while (Date.now() < end) {
        await delay(1_500 + Math.random() * 1_500);
        kills += 1;
        if (kills % 3 === 0) await servers.killRedis();
        else await instances[kills % 2]?.killAndRestart();
      }
    })();
    const delivered = await writers.run(end);
    await killing;
    const feed = await audience.readFeed(database);
    const problems = await audience.compareWith(feed);
    console.log(
      `${delivered.length} deliveries, ${feed.length} entries of the feed, ${kills} kills, ${audience.reconnects} reconnections of ${options.subscribers} subscribers, ${audience.heard} events heard`,
    );
    for (const problem of problems) console.error(problem);
    failed = problems.length > 0;
  } finally {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.end();
    await servers.stop();
  }
  console.log(
    failed ? "FAILED" : "Every subscriber heard the feed under its filter: no gap, no repetition, in order.",
  );
  return !failed;
}
