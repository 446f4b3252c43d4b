import { setTimeout as delay } from "node:timers/promises";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cursorNow, heard, inDatabase, listen, type Listener, postAnalyzed } from "../support/listening.js";
import type { ServerName } from "../support/rehearsal/database-server.js";
import { MovableProxy } from "../support/rehearsal/movable-proxy.js";
import { type Pair, replicate, startPair } from "../support/rehearsal/replication.js";
import { startService, type TestDatabase, type TestService } from "../support/service.js";

const lagSeconds = 5;
const patience = { timeout: 30_000, interval: 50 };

/** The servers are the test's own, of the kind that the other tests run on. */
const kind = await kindOf(process.env.TEST_DATABASE_URL ?? "");

interface Page {
  readonly sessions: {
    readonly eventCursor: string;
    readonly nodes: readonly { readonly id: string }[];
  } | null;
}

const list = "{ sessions(first: 200) { eventCursor nodes { id } } }";

describe.runIf(kind !== undefined)(`a replica that lags ${lagSeconds} s`, () => {
  let pair: Pair & { readonly account: string; stop(): Promise<void> };
  let database: TestDatabase;
  let environment: Record<string, string>;
  /** Reads from the replica. */
  let service: TestService;
  /** Reads from the primary, of the same database. */
  let other: TestService;

  beforeAll(async () => {
    pair = await startPair(kind);
    await replicate(pair, lagSeconds);
    database = { url: pair.account, drop: () => Promise.resolve() };
    const replica = new URL(pair.account);
    replica.port = String(pair.replica.port);
    environment = { DATABASE_READ_URL: replica.href };
    service = await startService(environment, database);
    other = await startService({}, database);
    await vi.waitFor(async () => {
      expect((await page(service)).sessions).not.toBeNull();
    }, patience);
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await other.stop();
    await pair.stop();
  });

  /** Once all that was posted has its position. */
  async function newestCursor(): Promise<string> {
    await vi.waitFor(async () => {
      const rows = await pair.primary.query("SELECT event_id FROM app.session_feed WHERE position IS NULL");
      expect(rows).toEqual([]);
    }, patience);
    return await cursorNow(other);
  }

  it("is what clients read from, and nothing of the way in", async () => {
    const [id] = await postAnalyzed(service, 1);
    expect((await page(service)).sessions?.nodes.map((node) => node.id)).not.toContain(id);
    expect((await page(other)).sessions?.nodes.map((node) => node.id)).toContain(id);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    await vi.waitFor(async () => {
      expect((await page(service)).sessions?.nodes.map((node) => node.id)).toContain(id);
    }, patience);
  });

  it("gives pages whose eventCursor runs not ahead of them", async () => {
    const before = await postAnalyzed(service, 5);
    const pages: { shown: readonly string[]; cursor: string }[] = [];
    const after: string[] = [];
    // While the replica takes what was posted, page after page has more of it.
    await vi.waitFor(async () => {
      after.push(...(await postAnalyzed(service, 1)));
      const { sessions } = await page(service);
      pages.push({ shown: sessions?.nodes.map(({ id }) => id) ?? [], cursor: sessions?.eventCursor ?? "" });
      expect(pages.at(-1)?.shown).toEqual(expect.arrayContaining([...before, after[0]]));
    }, patience);
    const all = [...before, ...after];
    const some = [pages[0], pages[Math.floor(pages.length / 2)], pages.at(-1)];
    await Promise.all(
      some.map(async ({ shown, cursor } = { shown: [], cursor: "" }) => {
        const listener = await listen(service.url, { after: cursor });
        await hearsOnce(
          listener,
          all.filter((id) => !shown.includes(id)),
        );
        await listener.leave();
      }),
    );
  });

  it("shows subscribers everything once and in order, however late", async () => {
    const listener = await listen(service.url, { after: await newestCursor() });
    const ids: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      ids.push(...(await postAnalyzed(round % 2 === 0 ? service : other, 2)));
      await delay(100);
    }
    await heard(listener, ids);
    expect(listener.failure).toBeUndefined();
    await listener.leave();
  });

  it("resumes from a cursor that it does not have yet, without asking for it all the time", async () => {
    await postAnalyzed(other, 3);
    const newest = await newestCursor();
    const asked = await selects(pair);
    const listeners = await Promise.all(
      Array.from({ length: 10 }, () => listen(service.url, { after: newest })),
    );
    const ids = await postAnalyzed(other, 2);
    await delay(3_000);
    // Ten that wait, for three seconds; a busy loop asks thousands of times.
    expect((await selects(pair)) - asked).toBeLessThan(400);
    for (const listener of listeners) {
      await heard(listener, ids);
      expect(listener.failure).toBeUndefined();
      await listener.leave();
    }
  });

  it("does not hide that a cursor is gone from the primary", async () => {
    await postAnalyzed(other, 1);
    const gone = await newestCursor();
    // As where a backup was restored, and other changes got the same positions.
    await inDatabase(
      other,
      `UPDATE session_feed SET epoch = 'eeeeeeeeeeeeeeee' WHERE position = (SELECT last_position FROM feed_head)`,
      `UPDATE feed_head SET last_epoch = 'eeeeeeeeeeeeeeee'`,
    );
    const listener = await listen(service.url, { after: gone });
    await vi.waitFor(() => {
      expect(JSON.stringify(listener.failure)).toContain("CURSOR_EXPIRED");
    }, patience);
    await listener.leave();
  });

  it("takes the place of another server once it has everything", async () => {
    const proxy = await MovableProxy.start(pair.primary.port);
    const address = new URL(pair.account);
    address.port = String(proxy.port);
    const moved = await startService({ DATABASE_READ_URL: address.href }, database);
    const ids = await postAnalyzed(moved, 3);
    await newestCursor();
    expect((await page(moved)).sessions?.nodes.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    proxy.pointTo(pair.replica.port);
    proxy.cut();
    const shown: (readonly string[] | undefined)[] = [];
    await vi.waitFor(async () => {
      shown.push((await page(moved)).sessions?.nodes.map(({ id }) => id));
      expect(shown.at(-1)).toBeDefined();
    }, patience);
    // Until then it is not asked, or its pages would lack what was shown before.
    expect(shown[0]).toBeUndefined();
    expect(shown.at(-1)).toEqual(expect.arrayContaining(ids));
    await moved.stop();
    proxy.stop();
  });

  it("takes the place of another server that fell silent", async () => {
    const proxy = await MovableProxy.start(pair.primary.port);
    const address = new URL(pair.account);
    address.port = String(proxy.port);
    const moved = await startService({ DATABASE_READ_URL: address.href }, database);
    await newestCursor();
    // Both pools have a connection: that of pages, and that of the feed, which nobody uses from now on.
    expect((await page(moved)).sessions).not.toBeNull();
    // Idle for so long they are asked whether they are alive before their next use.
    await delay(1_000);
    proxy.silence();
    proxy.pointTo(pair.replica.port);
    await vi.waitFor(async () => {
      const { data } = await moved.query<Page>("{ sessions(first: 1) { nodes { id } } }");
      expect(data.sessions).not.toBeNull();
    }, patience);
    proxy.stop();
    await moved.stop();
  });

  it("takes reads with it when it is gone, and neither deliveries nor the start", async () => {
    const listener = await listen(service.url, { after: await cursorNow(service) });
    await pair.replica.kill();
    const { data, errors } = await service.query<Page>(list);
    expect(data.sessions).toBeNull();
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["SERVICE_UNAVAILABLE"]);
    const ids = await postAnalyzed(service, 2);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    const started = await startService(environment, database);
    ids.push(...(await postAnalyzed(started, 1)));
    await pair.replica.restart();
    await hearsOnce(listener, ids);
    await vi.waitFor(async () => {
      expect((await page(started)).sessions?.nodes.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    }, patience);
    await listener.leave();
    await started.stop();
  });
});

/** It may hear of earlier ones, too: a replica's cursor is behind what was posted. */
async function hearsOnce(listener: Listener, ids: readonly string[]): Promise<void> {
  await vi.waitFor(() => {
    expect(listener.sessionIds).toEqual(expect.arrayContaining([...ids]));
  }, patience);
  expect(new Set(listener.sessionIds).size).toBe(listener.sessionIds.length);
  expect(listener.failure).toBeUndefined();
}

async function kindOf(url: string): Promise<ServerName | undefined> {
  if (url === "") return undefined;
  const connection = await mysql.createConnection(url);
  const [rows] = await connection.query<RowDataPacket[]>("SELECT VERSION() AS version");
  await connection.end();
  return String(rows[0]?.version).includes("MariaDB") ? "mariadb" : "mysql";
}

async function page(service: TestService): Promise<Page> {
  return (await service.query<Page>(list)).data;
}

/** SELECT statements that the replica has run. */
async function selects({ replica }: Pair): Promise<number> {
  const [row] = await replica.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Com_select'");
  return Number(row?.Value);
}
