import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { median } from "../compare.js";
import { type BenchDatabase, createDatabase, type DatabaseServer, query } from "../databases.js";
import { LoadGenerator, type Server, startUnderTest } from "../processes.js";
import { ingestDeliveries } from "../workload.js";

/** How the service takes deliveries, and what they take on disk. */
export interface Growth {
  readonly ingest: Ingest;
  /** Undefined where the database's files are on another machine. */
  readonly disk: Disk | undefined;
}

interface Ingest {
  /** Events per second, medians. */
  readonly full: number;
  readonly empty: number;
  /** Median of the rounds' ratios. */
  readonly ratio: number;
}

interface Disk {
  readonly sessions: number;
  /** KiB of the JSON of a session's deliveries. */
  readonly json: number;
  /** KiB per session, by table, the largest first. */
  readonly tables: readonly (readonly [table: string, kibibytes: number])[];
}

const rounds = 7;
const sessionsPerRound = 250;
/** Tables grow by megabytes: with fewer sessions small ones look large. */
const sessionsOnDisk = 10_000;
const sessionsPerOrder = 1_000;
/** Deliveries of templates are those of round 0. */
const firstRound = 1;
const firstOnDisk = 1_000;

/**
 * Sends deliveries to a full database and to an empty one in turns, and looks what the latter takes on disk
 * then. The full one holds more sessions afterwards.
 */
export async function measureGrowth(server: DatabaseServer, full: BenchDatabase): Promise<Growth> {
  const empty = await createDatabase(server);
  const load = new LoadGenerator();
  const services = [await startUnderTest("service", full.url), await startUnderTest("service", empty.url)];
  try {
    const ingest = await compareIngest(load, services);
    const disk = await measureDisk(empty, () => seed(load, services.at(-1)));
    return { ingest, disk };
  } finally {
    await load.stop();
    await Promise.all(services.map((service) => service.stop()));
    await empty.drop();
  }
}

async function compareIngest(load: LoadGenerator, services: readonly Server[]): Promise<Ingest> {
  const figures: number[][] = [];
  // The first round warms up.
  for (let round = firstRound; round <= firstRound + rounds; round += 1) {
    const measured = new Map<Server, number>();
    for (const service of round % 2 === 0 ? services : services.toReversed()) {
      const order = { sessions: sessionsPerRound, round, url: service.url, concurrency: 32 };
      measured.set(service, (await load.run({ kind: "ingest", ...order })).perSecond);
    }
    if (round > firstRound) figures.push(services.map((service) => measured.get(service) ?? NaN));
  }
  return {
    full: median(figures.map(([one = NaN]) => one)),
    empty: median(figures.map(([, other = NaN]) => other)),
    ratio: median(figures.map(([one = NaN, other = NaN]) => one / other)),
  };
}

async function seed(load: LoadGenerator, service: Server | undefined): Promise<void> {
  const url = service?.url ?? "";
  for (let sent = 0; sent < sessionsOnDisk; sent += sessionsPerOrder) {
    const round = firstOnDisk + sent / sessionsPerOrder;
    await load.run({ kind: "ingest", sessions: sessionsPerOrder, round, url, concurrency: 32 });
  }
}

async function measureDisk({ url }: BenchDatabase, fill: () => Promise<void>): Promise<Disk | undefined> {
  const before = await bytesOnDisk(url);
  if (before === undefined) return undefined;
  await fill();
  const after = await settledBytes(url);
  const sample = ingestDeliveries(sessionsPerRound, firstOnDisk).flat();
  const bytes = sample.reduce((sum, { length }) => sum + length, 0);
  const tables = Array.from(after, ([table, size]) => {
    const grown = size - (before.get(table) ?? 0);
    return [table, grown / sessionsOnDisk / 1_024] as const;
  });
  return {
    sessions: sessionsOnDisk,
    json: bytes / sessionsPerRound / 1_024,
    tables: tables.filter(([, size]) => size > 0).sort(([, one], [, other]) => other - one),
  };
}

/** Sizes when neither the service nor the database's purge changes them any more. */
async function settledBytes(url: string): Promise<ReadonlyMap<string, number>> {
  const total = (sizes: ReadonlyMap<string, number>) =>
    [...sizes.values()].reduce((sum, size) => sum + size, 0);
  let before: ReadonlyMap<string, number> = new Map();
  for (let look = 0; look < 20; look += 1) {
    const now = (await bytesOnDisk(url)) ?? before;
    if (total(now) === total(before)) return now;
    before = now;
    await delay(3_000);
  }
  return before;
}

/** Bytes of the files of each table; undefined where they are not on this machine. */
async function bytesOnDisk(url: string): Promise<ReadonlyMap<string, number> | undefined> {
  const [row] = await query<{ folder: string; name: string }>(
    url,
    "SELECT @@datadir AS folder, DATABASE() AS name",
  );
  const folder = path.join(row?.folder ?? "", row?.name ?? "");
  const files = await readdir(folder).catch(() => []);
  const sizes = files
    .filter((file) => file.endsWith(".ibd"))
    .map(async (file) => [tableOf(file), (await stat(path.join(folder, file))).blocks * 512] as const);
  const bytes = new Map<string, number>();
  for (const [table, size] of await Promise.all(sizes)) bytes.set(table, (bytes.get(table) ?? 0) + size);
  return bytes.size === 0 ? undefined : bytes;
}

/** The full-text index of sessions' words has files of its own. */
function tableOf(file: string): string {
  return file.startsWith("FTS_") ? "session_terms" : path.basename(file, ".ibd");
}

/** Lines of Markdown. */
export function growthLines({ ingest: { full, empty, ratio }, disk }: Growth): string[] {
  const ingest =
    `Ingest, 32 at once: ${full.toFixed(0)} events/s on the full database, ${empty.toFixed(0)} on an empty one; ` +
    `the median of ${rounds} rounds' ratios is **${ratio.toFixed(2)}**.`;
  if (disk === undefined) return [ingest];
  const total = disk.tables.reduce((sum, [, size]) => sum + size, 0);
  return [
    ingest,
    "",
    `On disk after ${disk.sessions} sessions of three events (${disk.json.toFixed(1)} KiB of JSON each):`,
    "",
    "| | KiB per session |",
    "|---|---|",
    `| all tables | **${total.toFixed(1)}** |`,
    ...disk.tables
      .filter(([, size]) => size >= 0.1)
      .map(([table, size]) => `| ${table} | ${size.toFixed(1)} |`),
  ];
}
