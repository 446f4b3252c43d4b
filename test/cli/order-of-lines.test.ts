import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckpointFile } from "../../src/cli/events/checkpoint.js";
import { importEvents, type ImportSummary } from "../../src/cli/events/import-events.js";
import { type Line, readLines } from "../../src/cli/events/read-lines.js";
import { replayEvents } from "../../src/cli/events/replay-events.js";
import { loadConfig } from "../../src/config.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { Database } from "../../src/store/database.js";
import { emptyProjection } from "../../src/store/erasure/empty-projection.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { WebhookEventReader } from "../../src/store/readers/webhook-event.reader.js";
import { placeholders } from "../../src/store/sql/statements.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, type Payload, sample, type TestDatabase } from "../support/service.js";

const sessionCount = 24;

describe.each([
  ["equal", "2026-01-31T12:00:00Z"],
  ["absent", undefined],
])("analyses of one session whose created_at is %s", (_which, createdAt) => {
  let folder: string;
  let testDatabase: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "order-test-"));
    testDatabase = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: testDatabase.url }).database, 2);
    await migrate(database.writer);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
    await rm(folder, { recursive: true });
  });

  /**
   * An older and a newer analysis of each session, one after the other. The older one takes longer to store.
   */
  async function analysesOf(ids: readonly string[]): Promise<string[]> {
    const event: Payload = await sample("analyzed");
    return ids.flatMap((id) =>
      ["older", "newer"].map((summary) => {
        const data = { ...event.data, id, conversation_id: id, messages: [], chat_summary: summary };
        if (summary === "older") data.agent_version = { ...data.agent_version, name: id };
        return JSON.stringify({ ...event, created_at: createdAt, request_id: randomUUID(), data });
      }),
    );
  }

  function eventLog(): EventLog {
    return new EventLog(database, new SessionWriter(), new FeedWriter(database), new ErasureList(database));
  }

  async function importLines(lines: AsyncIterable<Line>, begun: number): Promise<ImportSummary> {
    return await importEvents(lines, {
      events: eventLog(),
      reader: new WebhookEventReader(database),
      longestBody: 1_000_000,
      checkpoint: undefined,
      begun,
      signal: new AbortController().signal,
      onBadLine: () => undefined,
      onProgress: () => undefined,
    });
  }

  async function summariesOf(ids: readonly string[]): Promise<string[]> {
    const rows = await database.read<{ summary: string }>(
      `SELECT chat_summary AS summary FROM sessions WHERE id IN (${placeholders(ids)})`,
      ids,
    );
    return rows.map(({ summary }) => summary);
  }

  const newSessions = (count: number) => Array.from({ length: count }, () => randomUUID());
  const newerOf = (ids: readonly string[]) => ids.map(() => "newer");

  it("take precedence in the order of the lines, and keep it when they are replayed", async () => {
    const ids = newSessions(sessionCount);
    const text = Buffer.from((await analysesOf(ids)).join("\n"));
    const lines = readLines(Readable.from([text]), { line: 0, offset: 0 }, text.length);
    expect(await importLines(lines, Date.now())).toMatchObject({ dead: 0, bad: 0 });
    expect(await summariesOf(ids)).toEqual(newerOf(ids));
    await emptyProjection(database);
    await replayEvents(
      {},
      {
        reader: new WebhookEventReader(database),
        events: eventLog(),
        signal: new AbortController().signal,
        onProgress: () => undefined,
      },
    );
    expect(await summariesOf(ids)).toEqual(newerOf(ids));
  });

  it("take precedence in the order of arrival where they are delivered at once", async () => {
    const ids = newSessions(sessionCount);
    const events = eventLog();
    await Promise.all(
      (await analysesOf(ids)).map((line) => {
        const body = Buffer.from(line);
        return events.record({ body, envelope: parseEnvelope(body), signature: null });
      }),
    );
    expect(await summariesOf(ids)).toEqual(newerOf(ids));
  });

  it("take precedence in the order of the lines where an interruption left gaps among those stored", async () => {
    const ids = newSessions(4);
    const lines = (await analysesOf(ids)).map((line, index) => ({
      number: index + 1,
      start: 0,
      end: 0,
      bytes: Buffer.from(line),
    }));
    const checkpoint = new CheckpointFile("", path.join(folder, "checkpoint"));
    const { begun } = await checkpoint.begin();
    await importLines(Readable.from(lines.filter(({ number }) => number % 2 === 0)), begun);
    const resumed = await checkpoint.read(() => Promise.resolve(true));
    expect(await importLines(Readable.from(lines), resumed?.begun ?? 0)).toMatchObject({ duplicate: 4 });
    expect(await summariesOf(ids)).toEqual(newerOf(ids));
  });
});
