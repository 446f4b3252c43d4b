import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { type Comparison, compare } from "./compare.js";
import { countRows, createDatabase, databaseServer, type DatabaseServer } from "./databases.js";
import { type FanOutFigures, measureFanOut } from "./fan-out.js";
import { LoadGenerator, type Server, startUnderTest } from "./processes.js";
import { fanOutSentence, markdownTable } from "./report.js";
import { listed, listQuery } from "./workload.js";

/**
 * `npm run bench [ingest] [list] [fan-out]`: the service as it is built beside a bare `node:http` + mysql2
 * server, in alternating rounds of one run. Prints a Markdown table; the figures of every round go to
 * bench/results.
 */
const chosen = process.argv.slice(2);
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const isChosen = (name: string) => chosen.length === 0 || chosen.includes(name);

const database = await databaseServer();
const load = new LoadGenerator();
try {
  const comparisons: Comparison[] = [];
  if (isChosen("ingest")) comparisons.push(await benchIngest(database, load));
  if (isChosen("list")) comparisons.push(await benchList(database, load));
  const run = {
    date: new Date().toISOString(),
    node: process.version,
    database: database.version,
    processors: cpus().length,
    rounds,
  };
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

/** Deliveries of whole sessions; signature enforced, raw bytes kept. */
async function benchIngest(server: DatabaseServer, load: LoadGenerator): Promise<Comparison> {
  const [own, other] = [await createDatabase(server), await createDatabase(server)];
  const servers = [
    await startUnderTest("service", own.url),
    await startUnderTest("bare", other.url),
  ] as const;
  try {
    const what = { title: "Ingest, 32 at once", unit: "events/s", rounds };
    const comparison = await compare(what, servers, load, (round) => ({
      kind: "ingest",
      sessions: 250,
      round,
      concurrency: 32,
    }));
    assertSameRows(await countRows(own), await countRows(other));
    return comparison;
  } finally {
    await Promise.all(servers.map((each) => each.stop()));
    await own.drop();
    await other.drop();
  }
}

/**
 * Both must have stored the same. Of a thousand events one or so is an analysis that brings nothing but
 * nulls, or what is known: the service sees it and announces nothing, which SQL by hand would have to read
 * first.
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

/** A page of sessions with messages and agent versions, both servers on one database. */
async function benchList(server: DatabaseServer, load: LoadGenerator): Promise<Comparison> {
  const shared = await createDatabase(server);
  const service = await startUnderTest("service", shared.url);
  const bare = await startUnderTest("bare", shared.url);
  try {
    await load.run({ kind: "seed", sessions: 200, url: service.url, concurrency: 8 });
    const body = JSON.stringify({ query: listQuery, variables: { first: listed.sessions } });
    await assertSameAnswer([service, bare], body);
    const what = { title: "List of 50 sessions × 8 messages, 16 at once", unit: "requests/s", rounds };
    return await compare(what, [service, bare], load, () => ({
      kind: "list",
      body,
      seconds: 2,
      concurrency: 16,
    }));
  } finally {
    await Promise.all([service.stop(), bare.stop()]);
    await shared.drop();
  }
}

/** Byte for byte the same data; the service adds `extensions` with the operation's cost. */
async function assertSameAnswer(servers: readonly Server[], body: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const answers = await Promise.all(
    servers.map(async ({ url }) => {
      const answer = await fetch(`${url}/graphql`, { method: "POST", headers, body });
      return (await answer.text()).trimEnd().replace(/,"extensions":\{"cost":\d+\}\}$/, "}");
    }),
  );
  const [own = "", other = ""] = answers;
  const messages = own.split('"direction"').length - 1;
  if (messages !== listed.sessions * listed.messages) throw new Error(`The list holds ${messages} messages.`);
  if (own === other) return;
  const at = own.split("").findIndex((unit, index) => unit !== other[index]);
  const around = answers.map((text) => text.slice(Math.max(0, at - 80), at + 80));
  throw new Error(`The two answer differently: ${around.join("\n")}`);
}
