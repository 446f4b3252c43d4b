import { cpus } from "node:os";
import type { Browser } from "playwright-core";
import { startBrowser } from "../test/support/browser.js";
import { watchBusy } from "./board/busy-page.js";
import { measurementsOf } from "./board/measurements.js";
import { type BoardMeasurement, openMeasured, type Opening } from "./board/opened-pages.js";
import { databaseServer } from "./databases.js";
import { fillDatabases, type FilledDatabases, filledServer } from "./million/filled-databases.js";
import { startUnderTest } from "./processes.js";

/**
 * `npm run bench:board`: how soon each page of the board shows what it read, in a real browser, with
 * BENCH_SESSIONS sessions (a million); and how often it draws, and for how long, while 50 events a second
 * come. BENCH_FILLED_URL is a database that is filled already, and is left as it is but for what arrives.
 * Prints Markdown tables.
 */
const wanted = Number(process.env.BENCH_SESSIONS ?? 1_000_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const busySeconds = Number(process.env.BENCH_SECONDS ?? 60);
const filledUrl = process.env.BENCH_FILLED_URL;
const busyRate = 50;

const server = filledUrl === undefined ? await databaseServer(filledServer) : undefined;
const browser = await startBrowser();
let databases: FilledDatabases | undefined;
try {
  if (server !== undefined) databases = await fillDatabases(server, wanted);
  await measureBoard(browser, filledUrl ?? databases?.filled.url ?? "");
} finally {
  await browser.close();
  await databases?.drop();
  await server?.stop();
}

async function measureBoard(opened: Browser, databaseUrl: string): Promise<void> {
  const service = await startUnderTest("service", databaseUrl);
  try {
    const all = await measurementsOf(databaseUrl);
    console.log(`${cpus().length} processors, Node ${process.version}, medians of ${rounds} rounds\n`);
    console.log("| | shows it after, ms | first time, ms | slowest answer, ms |\n| --- | --- | --- | --- |");
    for (const measurement of all) console.log(await row(opened, service.url, measurement));
    console.log("\n| 50 events/s | events/s | drawings/s | most in a second | long tasks | longest, ms |");
    console.log("| --- | --- | --- | --- | --- | --- |");
    for (const [name, path] of [
      ["Sessions", "#/sessions"],
      ["Now", "#/now"],
    ] as const) {
      const busy = await watchBusy(opened, service.url, path, { rate: busyRate, seconds: busySeconds });
      const cells = [
        busy.eventsPerSecond.toFixed(1),
        busy.drawings.toFixed(1),
        busy.mostDrawings,
        busy.longTasks,
        busy.longestTask.toFixed(0),
      ];
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
  } finally {
    await service.stop();
  }
}

async function row(opened: Browser, base: string, measurement: BoardMeasurement): Promise<string> {
  const openings: Opening[] = [];
  for (let round = 0; round < rounds; round += 1)
    openings.push(await openMeasured(opened, base, measurement));
  const [first] = openings;
  const byTime = [...openings].sort((one, other) => one.shown - other.shown);
  const median = byTime[Math.floor(byTime.length / 2)];
  const { operation = "", milliseconds = 0 } = median?.slowest ?? {};
  const cells = [
    median?.shown.toFixed(0),
    first?.shown.toFixed(0),
    `${milliseconds.toFixed(0)} ${operation}`,
  ];
  return `| ${measurement.title} | ${cells.join(" | ")} |`;
}
