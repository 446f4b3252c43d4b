import type { Connection, RowDataPacket } from "mysql2/promise";
import type { Client } from "undici";
import type { Database } from "../../src/store/database.js";
import { median } from "../compare.js";
import type { Answer, Measurement, Place } from "./measurements.js";
import { pageSize } from "./measurements.js";
import { explain, type Plan, RecordingReader } from "./plans.js";

/** What one measurement found: medians in milliseconds. */
export interface Timing {
  readonly title: string;
  readonly service: number;
  readonly byHand: number;
  readonly ratio: number;
  readonly plans: readonly Plan[];
  /** Why the plan is not good enough; empty where it is. */
  readonly complaints: readonly string[];
}

/** A service on a filled database, and the database itself. */
export interface Bench {
  readonly client: Client;
  readonly connection: Connection;
  readonly database: Database;
  readonly repeats: number;
}

/**
 * Asks every question once a round, the service and the database in turns: what disturbs one disturbs the others. The first round warms
 * up and is not counted.
 */
export async function measure(bench: Bench, measurements: readonly Measurement[]): Promise<Timing[]> {
  const asked = measurements.map((measurement) => ({
    measurement,
    service: [] as number[],
    byHand: [] as number[],
  }));
  for (let round = 0; round <= bench.repeats; round += 1) {
    for (const { measurement, service, byHand } of asked) {
      const begun = performance.now();
      const answer = await ask(bench, measurement);
      const between = performance.now();
      const rows = await askByHand(bench.connection, measurement);
      const ended = performance.now();
      demandSameRows(measurement.title, measurement.rowsOf(answer), rows);
      if (round === 0) continue;
      service.push(between - begun);
      byHand.push(ended - between);
    }
  }
  const timings: Timing[] = [];
  for (const { measurement, ...times } of asked) {
    const [service, byHand] = [median(times.service), median(times.byHand)];
    timings.push({
      title: measurement.title,
      service,
      byHand,
      ratio: service / byHand,
      ...(await judge(bench, measurement)),
    });
  }
  return timings;
}

function demandSameRows(title: string, service: number, byHand: number): void {
  if (service !== byHand || service === 0)
    throw new Error(`${title}: the service answers ${service} rows, SQL by hand ${byHand}.`);
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

async function askByHand(connection: Connection, { byHand }: Measurement): Promise<number> {
  let rows: RowDataPacket[] = [];
  for (const { sql, parameters } of byHand)
    [rows] = await connection.query<RowDataPacket[]>(sql, [...parameters]);
  return rows.length;
}
