import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { identifierOf } from "../../src/events/identifiers.js";
import { Database } from "../../src/store/database.js";
import type { SqlValue } from "../../src/store/sql/transaction.js";
import { believedMilliseconds, ErasureList } from "../../src/store/erasure/erasure-list.js";
import { unpack } from "../../src/model/packed.js";
import { tables } from "../../src/store/sql/tables.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";
import {
  cursorNow,
  heard,
  listen,
  type Listener,
  newEvent,
  post,
  postAnalyzed,
} from "../support/listening.js";

type Rows = Record<string, SqlValue>[];
type Backup = ReadonlyMap<string, Rows>;

const expired = [{ extensions: { code: "CURSOR_EXPIRED" } }];

let test: TestDatabase;
let database: Database;
let service: TestService;
beforeEach(async () => {
  test = await createTestDatabase();
  service = await startService({}, test);
  database = await Database.open(service.config.database, 2);
});
afterEach(async () => {
  await service.stop();
  await database.close();
  await test.drop();
});

async function backUp(): Promise<Backup> {
  return await database.transaction(async (transaction) => {
    const backup = new Map<string, Rows>();
    for (const { name } of tables) backup.set(name, await transaction.query(`SELECT * FROM ${name}`));
    return backup;
  });
}

/** Without a word to the service. */
async function restore(backup: Backup): Promise<void> {
  await database.transaction(async (transaction) => {
    for (const [name, rows] of backup) {
      await transaction.execute(`DELETE FROM ${name}`);
      for (const row of rows) {
        const columns = Object.keys(row);
        await transaction.execute(
          `INSERT INTO ${name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
          Object.values(row),
        );
      }
    }
  });
}

async function expectExpired(after: string): Promise<void> {
  const listener = await listen(service.url, { after });
  await vi.waitFor(() => {
    expect(listener.failure).toMatchObject(expired);
  }, 10_000);
  expect(listener.events).toEqual([]);
  await listener.leave();
}

async function expectEnded(listener: Listener): Promise<void> {
  await vi.waitFor(() => {
    expect(listener.failure).toMatchObject(expired);
  }, 15_000);
  await listener.leave();
}

/** An analysis whose agent version has a content of its own. */
async function analysisOf(name: string) {
  const event = await newEvent();
  event.data.agent_version = { ...event.data.agent_version, name };
  return event;
}

describe("an older backup that is restored", () => {
  it("ends cursors of the future that was lost, and no others, also once the head has passed them", async () => {
    const listener = await listen(service.url);
    await heard(listener, await postAnalyzed(service, 3));
    const kept = String(listener.lastCursor);
    const backup = await backUp();
    const lost = await postAnalyzed(service, 3);
    await vi.waitFor(() => {
      expect(listener.sessionIds.slice(3)).toEqual(lost);
    });
    const cursors = [...listener.events.slice(3).map(({ cursor }) => cursor), await cursorNow(service)];
    await listener.leave();
    await service.stop();
    await restore(backup);
    service = await startService({}, test);
    for (const cursor of cursors) await expectExpired(cursor);
    const after = await postAnalyzed(service, 5);
    for (const cursor of cursors) await expectExpired(cursor);
    const resumed = await listen(service.url, { after: kept });
    await heard(resumed, after);
    await resumed.leave();

    const stream = await fetch(
      `${service.url}/graphql/stream?query=${encodeURIComponent("subscription { sessionEvents { cursor } }")}`,
      { headers: { Accept: "text/event-stream", "Last-Event-ID": String(cursors[0]) } },
    );
    expect(await stream.text()).toContain("CURSOR_EXPIRED");
  });

  it("ends a running service's subscriptions, which then goes on with the restored history", async () => {
    await postAnalyzed(service, 2);
    const backup = await backUp();
    const listener = await listen(service.url);
    await heard(listener, await postAnalyzed(service, 3));
    await restore(backup);
    await expectEnded(listener);
    const next = await listen(service.url, { after: await cursorNow(service) });
    await heard(next, await postAnalyzed(service, 5));
    expect(next.failure).toBeUndefined();
    await next.leave();
  });

  it("ends a running service's subscriptions where new events pass the lost ones at once", async () => {
    const backup = await backUp();
    const listener = await listen(service.url);
    const lost = await postAnalyzed(service, 3);
    await heard(listener, lost);
    await restore(backup);
    await postAnalyzed(service, 8);
    await expectEnded(listener);
    expect(listener.sessionIds).toEqual(lost);
    const next = await listen(service.url);
    const told = await postAnalyzed(service, 2);
    // The last of the eight may have got its position only now.
    await vi.waitFor(() => {
      expect(next.sessionIds.slice(-2)).toEqual(told);
    }, 15_000);
    await next.leave();
  });

  it("makes a running service know those who are erased after it, under another key", async () => {
    const address = "+13235550188";
    const identifiers = [identifierOf(address)].filter((one) => one !== undefined);
    const bodies = async () => {
      const rows = await database.read<{ body: Buffer }>("SELECT body FROM webhook_events ORDER BY id");
      return rows.map(({ body }) => unpack(body).toString());
    };
    const eventOfThem = () =>
      newEvent("analyzed", { messages: [{ ...message, id: randomUUID(), from: address }] });
    const [message = {}] = (await sample("analyzed")).data.messages;
    const backup = await backUp();
    await new ErasureList(database).add(identifiers);
    await delay(believedMilliseconds);
    await post(service, [await eventOfThem()]);
    expect((await bodies()).at(-1)).not.toContain(address);
    await restore(backup);
    await new ErasureList(database).add(identifiers);
    await delay(believedMilliseconds);
    await post(service, [await eventOfThem()]);
    expect((await bodies()).at(-1)).not.toContain(address);
  });

  it("makes a running service store the contents of agent versions again that it knew", async () => {
    const backup = await backUp();
    const name = `Version ${randomUUID()}`;
    await post(service, [await analysisOf(name), await analysisOf(name)]);
    await restore(backup);
    await post(service, [await analysisOf(name)]);
    const { data, errors } = await service.query(
      "{ sessions { nodes { agentVersion { name } analysis { answers { name } } } } }",
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ sessions: { nodes: [{ agentVersion: { name } }] } });
  });
});
