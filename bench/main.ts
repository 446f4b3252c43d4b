import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { assignerSentence } from "./assigner.js";
import { type Comparison, compare } from "./compare.js";
import {
  type BenchDatabase,
  countRows,
  createDatabase,
  createEmptyDatabase,
  databaseServer,
  type DatabaseServer,
  query,
} from "./databases.js";
import { type FanOutFigures, measureFanOut } from "./fan-out.js";
import { LoadGenerator, startUnderTest } from "./processes.js";
import { assertSameAnswers, chooseReadings, type Servers } from "./readings.js";
import { fanOutSentence, markdownTable } from "./report.js";

/**
 * `npm run bench [ingest] [read] [fan-out] [assigner]`: the service as it is built, beside what one would
 * write by hand and beside a bare `node:http` + mysql2 server, in alternating rounds of one run. Prints one
 * Markdown table; the figures of every round go to bench/results.
 */
const chosen = process.argv.slice(2);
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const sessions = Number(process.env.BENCH_SESSIONS ?? 20_000);
const isChosen = (name: string) => chosen.length === 0 || chosen.includes(name);

const database = await databaseServer();
const load = new LoadGenerator();
try {
  const comparisons: Comparison[] = [];
  if (isChosen("ingest")) comparisons.push(await benchIngest(database, load));
  if (isChosen("read")) comparisons.push(...(await benchReadings(database, load)));
  const run = {
    date: new Date().toISOString(),
    node: process.version,
    database: database.version,
    processors: cpus().length,
    rounds,
    sessions,
  };
  if (isChosen("assigner")) console.log(await assignerSentence(database, rounds));
  const fanOut = isChosen("fan-out") ? await benchFanOut(database) : undefined;
  if (comparisons.length > 0) console.log(markdownTable(run, comparisons));
  if (fanOut !== undefined) console.log(fanOutSentence(fanOut));
  await mkdir("bench/results", { recursive: true });
  await writeFile(
    `bench/results/${run.date.replaceAll(":", "-")}.json`,
    JSON.stringify({ ...run, comparisons, fanOut }, undefined, 2),
  );
} finally {
  await load.stop();
  await database.stop();
}

/**
 * Deliveries of whole sessions; the service enforces signatures, and with the bare server keeps raw bytes.
 */
async function benchIngest(server: DatabaseServer, load: LoadGenerator): Promise<Comparison> {
  const [own, byHand, bare] = [
    await createDatabase(server),
    await createEmptyDatabase(server),
    await createDatabase(server),
  ];
  const servers = await startAll({ service: own, "by-hand": byHand, bare });
  try {
    const what = { title: "ingest, 32 at once", unit: "events/s", rounds, servers, database: server, load };
    const comparison = await compare(what, (round) => ({
      kind: "ingest",
      sessions: 250,
      round,
      concurrency: 32,
    }));
    const stored = await countRows(own);
    assertSameRows(stored, await countRows(bare));
    const [hand] = await query<{ count: number }>(byHand.url, "SELECT COUNT(*) AS count FROM sessions");
    if (hand?.count !== stored.sessions)
      throw new Error(`By hand: ${hand?.count} sessions, not ${stored.sessions}.`);
    return comparison;
  } finally {
    await stopAll(servers, [own, byHand, bare]);
  }
}

async function startAll(databases: Readonly<Record<keyof Servers, BenchDatabase>>): Promise<Servers> {
  return {
    service: await startUnderTest("service", databases.service.url),
    "by-hand": await startUnderTest("by-hand", databases["by-hand"].url),
    bare: await startUnderTest("bare", databases.bare.url),
  };
}

async function stopAll(servers: Servers, databases: readonly BenchDatabase[]): Promise<void> {
  await Promise.all(Object.values(servers).map((each) => each.stop()));
  for (const database of databases) await database.drop();
}

/**
 * Service and bare server must have stored the same. Of a thousand events one or so is an analysis that
 * brings nothing but nulls, or what is known: the service sees it and announces nothing, which SQL by hand
 * would have to read first.
 */
function assertSameRows(
  { session_feed: told = 0, ...stored }: Record<string, number>,
  { session_feed: asked = 0, ...expected }: Record<string, number>,
): void {
  if (isDeepStrictEqual(stored, expected) && told <= asked && told > 0.998 * asked) return;
  const counts = JSON.stringify({ stored: { ...stored, told }, expected: { ...expected, asked } });
  throw new Error(`The two stored different rows: ${counts}`);
}

/** A subscription with 1,000 sockets, beside a `ws` server that broadcasts the same bytes. */
async function benchFanOut(server: DatabaseServer): Promise<FanOutFigures> {
  const own = await createDatabase(server);
  try {
    return await measureFanOut({
      databaseUrl: own.url,
      subscribers: 1_000,
      eventsPerSecond: 10,
      seconds: 5,
      rounds,
      idle: [],
      stalled: [],
    });
  } finally {
    await own.drop();
  }
}

/** What a dashboard reads; the bare server reads the service's database. */
async function benchReadings(server: DatabaseServer, load: LoadGenerator): Promise<Comparison[]> {
  const [shared, byHand] = [await createDatabase(server), await createEmptyDatabase(server)];
  const servers = await startAll({ service: shared, "by-hand": byHand, bare: shared });
  try {
    for (const { url } of [servers.service, servers["by-hand"]])
      await load.run({ kind: "seed", sessions, url, concurrency: 32 });
    const comparisons: Comparison[] = [];
    for (const reading of await chooseReadings(servers, shared.url, sessions)) {
      await assertSameAnswers(servers, reading);
      const title = `${reading.title}, 16 at once`;
      const what = { title, unit: "requests/s", rounds, servers, database: server, load };
      comparisons.push(
        await compare(what, (_round, name) => ({
          kind: "read",
          request: reading.requests[name],
          seconds: 2,
          concurrency: 16,
        })),
      );
    }
    return comparisons;
  } finally {
    await stopAll(servers, [shared, byHand]);
  }
}
