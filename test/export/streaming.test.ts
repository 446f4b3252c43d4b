import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import express from "express";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localCaller } from "../../src/access/caller.js";
import { loadConfig } from "../../src/config.js";
import { exportRouter } from "../../src/export/router.js";
import { SessionExport } from "../../src/export/session-export.js";
import { CursorCodec } from "../../src/graphql/cursors.js";
import { createLogger } from "../../src/logger.js";
import { Database } from "../../src/store/database.js";
import type { SqlReader, SqlValue } from "../../src/store/sql/transaction.js";
import { AnalysisReader } from "../../src/store/readers/analysis.reader.js";
import { SessionReader } from "../../src/store/readers/session.reader.js";
import { newClusterKey } from "../../src/store/writers/cluster-key.js";
import { UnreadAnswers } from "../../src/http/unread-answers.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { makeKey, organizationA, revokeKey } from "../support/callers.js";
import { readMetrics, sumOf } from "../support/metrics.js";
import { createTestDatabase, sample, startService, type TestDatabase } from "../support/service.js";
import { Metrics } from "../../src/metrics/metrics.js";

const megabyte = 1_000_000;
const transcriptLength = 0.2 * megabyte;
const sessionCount = 800;
/** What the process may keep in its heap: far less than an export is long. */
const heapMegabytes = 96;
/**
 * What may be on its way to a client that takes nothing: a page in the making, one being sent, and what both
 * sides' sockets hold.
 */
const mostUnderWay = 24 * megabyte;

describe("a long export", () => {
  let testDatabase: TestDatabase;
  let database: Database;
  let service: RunningProcess;
  let ids: string[];
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    service = await startProcess({
      DATABASE_URL: testDatabase.url,
      NODE_OPTIONS: `--max-old-space-size=${heapMegabytes}`,
    });
    database = await Database.open(loadConfig({ DATABASE_URL: testDatabase.url }).database, 2);
    ids = await storeLongSessions();
  });
  afterAll(async () => {
    await service.end("SIGTERM");
    await database.close();
    await testDatabase.drop();
  });

  /** One session through the webhook, and copies of it. */
  async function storeLongSessions(): Promise<string[]> {
    const payload = await sample("analyzed");
    payload.data.chat_transcript = "A long conversation. ".repeat(transcriptLength / 21);
    const response = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(payload),
    });
    expect(response.status).toBe(200);
    const original = payload.data.id as string;
    const copies = Array.from({ length: sessionCount - 1 }, () => randomUUID());
    const [row = {}] = await database.read("SELECT * FROM sessions WHERE id = ?", [original]);
    const columns = Object.keys(row);
    const own = ["id", "cluster_key"];
    const selected = columns.map((name) => (own.includes(name) ? "?" : name)).join(", ");
    const copy = `INSERT INTO sessions (${columns.join(", ")}) SELECT ${selected} FROM sessions WHERE id = ?`;
    await database.transaction(async (transaction) => {
      for (const id of copies) {
        const values: Record<string, string | number> = { id, cluster_key: newClusterKey() };
        const given = columns.flatMap((name) => values[name] ?? []);
        await transaction.later(copy, [...given, original]);
      }
    }, 60_000);
    return [original, ...copies].sort();
  }

  it("waits for a client that stops reading, answers others meanwhile, and is whole in the end", async () => {
    const response = await begin(`${service.url}/export/sessions.ndjson`);
    const received: Buffer[] = [];
    response.on("data", (chunk: Buffer) => received.push(chunk));
    await once(response, "data");
    response.pause();
    // Time enough to read all there is, for a server that does not wait.
    for (let asked = 0; asked < 20; asked += 1) {
      const answer = await fetch(`${service.url}/graphql?query={__typename}`, {
        headers: { "Apollo-Require-Preflight": "true" },
      });
      expect(answer.status).toBe(200);
      await delay(100);
    }
    const length = Buffer.concat(received).length;
    // What is read from now on is read marked.
    await database.transaction((transaction) =>
      transaction.execute("UPDATE sessions SET chat_summary = 'marked'"),
    );
    response.resume();
    await once(response, "end");
    const lines = Buffer.concat(received).toString().split("\n").slice(0, -1);
    const sessions = lines.map((line) => JSON.parse(line) as { id: string; chatSummary: string | null });
    expect(sessions.map(({ id }) => id)).toEqual(ids);
    const marked = sessions.findIndex(({ chatSummary }) => chatSummary === "marked");
    const readAhead = lines.slice(0, marked).join("\n").length - length;
    expect(Buffer.concat(received).length).toBeGreaterThan(transcriptLength * sessionCount);
    expect(marked).toBeGreaterThan(0);
    expect(readAhead).toBeLessThan(mostUnderWay);
  });

  it("counts as a connection of its key, and breaks off within seconds once the key is revoked", async () => {
    const keys = {
      exporter: await makeKey(testDatabase),
      operator: await makeKey(testDatabase, { role: "operator" }),
    };
    const limited = await startService(
      { SOCKETS_PER_KEY: "1", SUBSCRIPTION_STALL_SECONDS: "600" },
      testDatabase,
    );
    await database.transaction((transaction) =>
      transaction.execute("UPDATE sessions SET organization_id = ?", [organizationA]),
    );
    const url = `${limited.url}/export/sessions.ndjson`;
    const response = await begin(url, keys.exporter.header);
    await once(response, "data");
    response.pause();
    const another = await fetch(url, { headers: keys.exporter.header });
    expect(another.status).toBe(429);
    await another.body?.cancel();
    await revokeKey(testDatabase, keys.exporter.prefix);
    const unread = async () =>
      sumOf(await readMetrics(limited.url, keys.operator.header), "http_unread_bytes");
    await expect.poll(unread, { timeout: 10_000 }).toBe(0);
    response.resume();
    await expect(once(response, "end")).rejects.toThrow("aborted");
    await limited.stop();
  });

  it("ends its reading when the client goes away", async () => {
    const reader = new CountingReader(database);
    const sessions = new SessionExport(new SessionReader(reader), new AnalysisReader(reader, "key"));
    const limits = { bufferBytes: 1_000, stallMilliseconds: 1_000, totalBytes: 1_000_000 };
    const unread = new UnreadAnswers(limits, createLogger("silent"));
    const app = express().use(
      exportRouter({
        unread,
        metrics: new Metrics().operations,
        exportFor: () => sessions,
        schema: buildSchema("type Query { none: Int }"),
        cursors: new CursorCodec("key"),
        gate: { exporterOf: () => localCaller },
        connections: { add: () => () => undefined },
        logger: createLogger("silent"),
      }),
    );
    const server = createServer(app).listen(0, "127.0.0.1");
    unread.watch(server);
    await once(server, "listening");
    const response = await begin(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/export/sessions.csv`,
    );
    await once(response, "data");
    response.destroy();
    await once(server.close(), "close");
    const until = reader.statements;
    await delay(300);
    expect(reader.statements).toBe(until);
    expect(until).toBeLessThan(20);
  });
});

async function begin(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { headers }), "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return response;
}

/** Reads as the service does, and counts. */
class CountingReader implements SqlReader {
  statements = 0;

  constructor(private readonly database: Database) {}

  get dialect() {
    return this.database.dialect;
  }

  async read<Row extends object>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]> {
    this.statements += 1;
    return await this.database.read<Row>(sql, parameters);
  }
}
