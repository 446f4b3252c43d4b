import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { Client } from "undici";
import { parseDatabaseUrl } from "../src/database-url.js";
import { Database } from "../src/store/database.js";
import { databaseServer } from "./databases.js";
import { connect, type Filled } from "./million/fill.js";
import { fillDatabases, type FilledDatabases, filledServer } from "./million/filled-databases.js";
import { growthLines, measureGrowth } from "./million/growth.js";
import { type Bench, measure, type Timing, walkTo } from "./million/measure.js";
import { laterPage, measurements, pageSize } from "./million/measurements.js";
import { chooseSamples } from "./million/samples.js";
import { startUnderTest } from "./processes.js";

/**
 * `npm run bench:million`: the usual queries on BENCH_SESSIONS generated sessions (a million), each beside
 * SQL by hand that returns the same rows; then ingest on it beside ingest on an empty database, and what
 * sessions take on disk. Fails where a usual page's plan does without an index. Prints a
 * Markdown table; the figures go to bench/results.
 */
const wanted = Number(process.env.BENCH_SESSIONS ?? 1_000_000);
const repeats = Number(process.env.BENCH_ROUNDS ?? 25);

const server = await databaseServer(filledServer);
let databases: FilledDatabases | undefined;
try {
  databases = await fillDatabases(server, wanted);
  const { size } = databases;
  const timings = await measureAll(databases);
  const growth = await measureGrowth(server, databases.filled);
  const run = {
    date: new Date().toISOString(),
    node: process.version,
    database: server.version,
    processors: cpus().length,
    repeats,
    ...size,
  };
  console.log([table(run, timings), "", ...growthLines(growth)].join("\n"));
  await mkdir("bench/results", { recursive: true });
  await writeFile(
    `bench/results/million-${run.date.replaceAll(":", "-")}.json`,
    JSON.stringify({ ...run, timings, growth }, undefined, 2),
  );
  for (const { title, complaints } of timings) {
    for (const complaint of complaints) console.error(`${title}: ${complaint}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
} finally {
  await databases?.drop();
  await server.stop();
}

async function measureAll({
  templates,
  filled: { url },
  size: { sessions },
}: FilledDatabases): Promise<Timing[]> {
  const service = await startUnderTest("service", url);
  const bare = await startUnderTest("bare", url);
  const database = await Database.open(parseDatabaseUrl(url), 2);
  const [source, connection] = [await connect(templates.url), await connect(url)];
  const [client, bareClient] = [new Client(service.url), new Client(bare.url)];
  const bench: Bench = { client, bareClient, connection, database, repeats };
  try {
    const [firstPage, ...others] = measurements(await chooseSamples(source, connection));
    if (firstPage === undefined) return [];
    const page = Math.min(500, Math.floor(sessions / pageSize));
    const place = await walkTo(bench, firstPage, page - 1);
    const later = laterPage(`newest sessions, page ${page}`, place);
    return await measure(bench, [firstPage, later, ...others]);
  } finally {
    await Promise.all([client.close(), bareClient.close(), source.end(), connection.end(), database.close()]);
    await Promise.all([service.stop(), bare.stop()]);
  }
}

function table(
  run: Filled & { node: string; database: string; processors: number; date: string },
  timings: readonly Timing[],
): string {
  const [first, later] = timings;
  return [
    `${run.sessions} sessions and ${run.messages} messages (made in ${run.seconds.toFixed(0)} s); Node ${run.node}, ${run.database}, ` +
      `${run.processors} processors; medians of ${repeats} rounds in ms, ${run.date.slice(0, 10)}.`,
    "",
    "| | service | bare HTTP server | ratio | SQL by hand | ratio | indexes |",
    "|---|---|---|---|---|---|---|",
    ...timings.map(
      ({ title, service, bare, byHand, plans }) =>
        `| ${title} | ${service.toFixed(1)} | ${bare.toFixed(1)} | **${(service / bare).toFixed(2)}** | ` +
        `${byHand.toFixed(1)} | **${(service / byHand).toFixed(2)}** | ${plans.map(({ keys }) => keys).join("; ")} |`,
    ),
    "",
    `The later page costs ${((later?.service ?? 0) / (first?.service ?? 1)).toFixed(2)} times the first.`,
  ].join("\n");
}
