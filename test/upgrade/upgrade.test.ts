import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { CursorCodec } from "../../src/graphql/cursors.js";
import type { WebhookEventRow } from "../../src/model/webhook-event.js";
import { Database } from "../../src/store/database.js";
import { pendingSchemaChanges } from "../../src/store/migrations/migrate.js";
import { unpack } from "../../src/model/packed.js";
import { loadCursorKey } from "../../src/store/service-settings.js";
import { builtCommand } from "../support/built-command.js";
import { onDatabase, socketClient } from "../support/callers.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { projectedState } from "../support/state-digest.js";
import { readAllSessions } from "../support/varied-sessions.js";
import { keptNames, readStored, restoreStored, type StoredData } from "./stored-data.js";

/** Milliseconds: all tables are made twice, and events are replayed by a process of its own. */
const longest = 120_000;

/** What is kept is old, and stays in the feed. */
const settings = { FEED_RETENTION_DAYS: "36500" };

describe.each(await keptNames())("a database as %s left it", { timeout: longest }, (name) => {
  let stored: StoredData;
  let test: TestDatabase;
  let service: TestService;
  /** What this release makes of the same deliveries. */
  let fresh: TestService;

  beforeAll(async () => {
    stored = await readStored(name);
    test = await createTestDatabase();
    const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    await restoreStored(stored, database.writer);
    await database.close();
    service = await startService(settings, test);
    fresh = await startService();
    for (const body of bodies()) await fresh.post(body);
  }, longest);
  afterAll(async () => {
    await fresh.stop();
    await service.stop();
    await test.drop();
  });

  const rowsOf = (table: string) => stored.rows.filter((each) => each.table === table).map(({ row }) => row);
  const bodies = () =>
    rowsOf("webhook_events")
      .toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
      .map(({ body }) => unpack(body as WebhookEventRow["packedBody"]));

  /** What is stored, in the columns that there were. */
  const state = async ({ database }: TestService) => {
    const columns = new Map(stored.rows.map(({ table, row }) => [table, new Set(Object.keys(row))]));
    const lines = (await onDatabase(database, projectedState)).split("\n");
    return lines.map((line) => {
      const [table = ""] = line.split(" ", 1);
      const row = JSON.parse(line.slice(table.length)) as object;
      return [table, Object.entries(row).filter(([column]) => columns.get(table)?.has(column))];
    });
  };

  it("has the tables of this release, and every value that it had", async () => {
    await onDatabase(test, async (database) => {
      expect(await pendingSchemaChanges(database.writer)).toEqual([]);
    });
    const upgraded = await state(service);
    expect(upgraded.length).toBeGreaterThan(rowsOf("sessions").length);
    expect(upgraded).toEqual(await state(fresh));
  });

  it("is read by clients", async () => {
    const served = await readAllSessions(service);
    expect(served.map(({ id }) => id).sort()).toEqual(
      rowsOf("sessions")
        .map(({ id }) => id)
        .sort(),
    );
  });

  it("goes on with the feed where a client was before", async () => {
    const cursors = new CursorCodec(await onDatabase(test, loadCursorKey));
    const [first, ...later] = rowsOf("session_feed")
      .toSorted((a, b) => Number(a.position) - Number(b.position))
      .map(({ position, epoch, session_id: id }) => ({
        cursor: cursors.encodeFeed({ position: Number(position), epoch: String(epoch) }),
        session: { id },
      }));
    const told: unknown[] = [];
    const client = socketClient(service);
    const query = "subscription ($after: Cursor) { sessionEvents(after: $after) { cursor session { id } } }";
    client.subscribe(
      { query, variables: { after: first?.cursor } },
      {
        next: ({ data }) => told.push(data),
        error: (error) => told.push(error),
        complete: () => undefined,
      },
    );
    await expect.poll(() => told.length).toBeGreaterThanOrEqual(later.length);
    await client.dispose();
    expect(told).toEqual(later.map((sessionEvents) => ({ sessionEvents })));
  });

  it("knows what was delivered before", async () => {
    const [body = Buffer.alloc(0)] = bodies();
    expect(await (await service.post(body)).json()).toMatchObject({ status: "duplicate" });
  });

  it("becomes by a replay what this release makes of the same deliveries", async () => {
    const child = spawn(process.execPath, [builtCommand("events"), "replay", "--all"], {
      env: { ...process.env, DATABASE_URL: test.url },
      stdio: "ignore",
    });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await onDatabase(test, projectedState)).toBe(await onDatabase(fresh.database, projectedState));
  });
});

it("is tried with a database of before the first change of tables", async () => {
  expect(await keptNames()).toContain("first-tables");
});
