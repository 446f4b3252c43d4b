import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { emptyProjection } from "../../src/store/erasure/empty-projection.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import type { RawEvent } from "../../src/model/webhook-event.js";
import { WebhookEventReader } from "../../src/store/readers/webhook-event.reader.js";
import { untold } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { onDatabase } from "../support/callers.js";
import { createTestDatabase, sample, startService } from "../support/service.js";

it("what several events carry has the receipt of the first of them, in whatever order they are projected", async () => {
  const test = await createTestDatabase();
  const service = await startService({}, test);
  const session = randomUUID();
  for (const [minute, name] of (["started", "ended", "analyzed", "analyzed"] as const).entries()) {
    const event = await sample(name);
    event.request_id = randomUUID();
    event.created_at = `2026-01-31T12:0${minute}:00Z`;
    event.data.id = session;
    expect((await service.post(event)).status).toBe(200);
  }
  await service.stop();
  await onDatabase(test, async (database) => {
    const receipts = async () => {
      const tables = ["sessions", "messages", "agent_versions", "agent_version_revisions", "analyses"];
      const read = tables.map((table) =>
        database.read<{ at: string }>(`SELECT received_at AS at FROM ${table} ORDER BY received_at`),
      );
      return await Promise.all(read);
    };
    const before = await receipts();
    expect(new Set(before.flat().map(({ at }) => at)).size).toBeGreaterThan(1);
    const raw: RawEvent[] = [];
    for await (const event of new WebhookEventReader(database).inOrder({})) raw.push(event);
    await emptyProjection(database);
    const sessions = new SessionWriter();
    const log = new EventLog(database, sessions, untold, new ErasureList(database));
    for (const event of raw.toReversed()) await log.replay(event);
    expect(await receipts()).toEqual(before);
  });
  await test.drop();
});
