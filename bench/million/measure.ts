import type { Connection, RowDataPacket } from "mysql2/promise";
import type { Client } from "undici";
import type { Database } from "../../src/store/database.js";
import { median } from "../compare.js";
import type { Answer, Measurement, Place } from "./measurements.js";
import { pageSize } from "./measurements.js";
import { explain, type Plan, RecordingReader } from "./plans.js";

/**
 * The ways a question is asked: of the service, of a bare HTTP server that runs SQL by hand, and by SQL in
 * this process.
 */
const ways = ["service", "bare", "byHand"] as const;
type Way = (typeof ways)[number];

/** What one measurement found: medians in milliseconds. */
export interface Timing extends Readonly<Record<Way, number>> {
  readonly title: string;
  readonly plans: readonly Plan[];
  /** Why the plan is not good enough; empty where it is. */
  readonly complaints: readonly string[];
}

/** A service on a filled database, a bare server on the same, and the database itself. */
export interface Bench {
  readonly client: Client;
  readonly bareClient: Client;
  readonly connection: Connection;
  readonly database: Database;
  readonly repeats: number;
}

/**
 * Warming up ends after so many times, or so many milliseconds: a server that has just started is several
 * times slower, and the more code it runs, the longer it takes until all of it is compiled.
 */
const warmUp = { times: 3_000, milliseconds: 12_000 };
/**
 * What answers within this many milliseconds is asked so often in a row: a processor that was just busy with
 * something else answers late.
 */
const inARow = { within: 50, times: 5 };

/**
 * What takes longer than so many milliseconds in any way is asked in so few rounds, after all others: it
 * empties the database's memory.
 */
const heavy = { from: 1_000, rounds: 3 };

interface Asked {
  readonly measurement: Measurement;
  readonly milliseconds: Readonly<Record<Way, number[]>>;
  times: number;
  isHeavy: boolean;
}

/** Asks every question in each way, in alternating rounds: what disturbs one way disturbs the others. */
export async function measure(bench: Bench, measurements: readonly Measurement[]): Promise<Timing[]> {
  const asked = measurements.map((measurement): Asked => {
    const milliseconds = { service: [], bare: [], byHand: [] };
    return { measurement, milliseconds, times: 1, isHeavy: false };
  });
  for (const each of asked) await becomeWarm(bench, each);
  const light = asked.filter(({ isHeavy }) => !isHeavy);
  for (let round = 0; round < bench.repeats; round += 1) await askInTurn(bench, light, round);
  const others = asked.filter(({ isHeavy }) => isHeavy);
  for (let round = 0; round < heavy.rounds; round += 1) await askInTurn(bench, others, round);
  const timings: Timing[] = [];
  for (const { measurement, milliseconds } of asked) {
    timings.push({
      title: measurement.title,
      service: median(milliseconds.service),
      bare: median(milliseconds.bare),
      byHand: median(milliseconds.byHand),
      ...(await judge(bench, measurement)),
    });
  }
  return timings;
}

async function becomeWarm(bench: Bench, asked: Asked): Promise<void> {
  const begun = performance.now();
  let warmed = 0;
  do {
    const rows: number[] = [];
    for (const way of ways) {
      const asking = performance.now();
      rows.push(await askBy(way, bench, asked.measurement));
      asked.isHeavy ||= performance.now() - asking > heavy.from;
    }
    demandSameRows(asked.measurement.title, rows);
    warmed += 1;
  } while (warmed < warmUp.times && performance.now() - begun < warmUp.milliseconds);
  if (performance.now() - begun < warmed * inARow.within) asked.times = inARow.times;
}

/** One round. Each begins with another way, so that none always finds what the one before it has warmed. */
async function askInTurn(bench: Bench, asked: readonly Asked[], round: number): Promise<void> {
  const first = round % ways.length;
  for (const { measurement, times, milliseconds } of asked) {
    for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
      for (let time = 0; time < times; time += 1) {
        const begun = performance.now();
        await askBy(way, bench, measurement);
        milliseconds[way].push(performance.now() - begun);
      }
    }
  }
}

/** @returns how many rows the answer holds */
async function askBy(way: Way, bench: Bench, measurement: Measurement): Promise<number> {
  if (way === "service") return measurement.rowsOf(await ask(bench, measurement));
  return way === "bare" ? await askBare(bench, measurement) : await askByHand(bench.connection, measurement);
}

function demandSameRows(title: string, rows: readonly number[]): void {
  if (new Set(rows).size > 1 || rows[0] === 0)
    throw new Error(`${title}: the service, the bare server and SQL by hand answer ${rows.join(", ")} rows.`);
}

/** The place before a later page, reached as a client reaches it: page by page. */
export async function walkTo(bench: Bench, measurement: Measurement, pages: number): Promise<Place> {
  let cursor: string | undefined;
  for (let passed = 0; passed < pages; passed += 1) {
    const { sessions } = await ask(bench, { ...measurement, variables: { after: cursor } });
    cursor = sessions?.pageInfo.endCursor;
  }
  const [[row]] = await bench.connection.query<(RowDataPacket & Omit<Place, "cursor">)[]>(
    "SELECT started_at AS startedAt, id FROM sessions ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ?",
    [pages * pageSize - 1],
  );
  if (cursor === undefined || row === undefined) throw new Error(`There are not ${pages} pages.`);
  return { cursor, startedAt: row.startedAt, id: row.id };
}

async function judge(
  { connection, database }: Bench,
  { demands, read }: Measurement,
): Promise<Pick<Timing, "plans" | "complaints">> {
  const recorder = new RecordingReader(database);
  await read(recorder);
  const plans: Plan[] = [];
  for (const statement of recorder.statements) plans.push(await explain(connection, statement));
  const complaints = plans.flatMap(({ keys, scans, sorts }) => [
    ...(scans ? [`reads a whole table (${keys})`] : []),
    ...(sorts && demands === "walk" ? [`sorts (${keys})`] : []),
  ]);
  return { plans, complaints };
}

async function ask({ client }: Bench, { title, query, variables }: Measurement): Promise<Answer> {
  const response = await client.request({
    method: "POST",
    path: "/graphql",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.body.json()) as { data?: Answer; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(`${title}: ${JSON.stringify(errors)}`);
  return data;
}

async function askBare({ bareClient }: Bench, { byHand }: Measurement): Promise<number> {
  const response = await bareClient.request({
    method: "POST",
    path: "/statements",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(byHand),
  });
  const results = (await response.body.json()) as unknown[][];
  return results.at(-1)?.length ?? 0;
}

async function askByHand(connection: Connection, { byHand }: Measurement): Promise<number> {
  let rows: RowDataPacket[] = [];
  for (const { sql, parameters } of byHand)
    [rows] = await connection.query<RowDataPacket[]>(sql, [...parameters]);
  return rows.length;
}
