import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import type { Slice, Window } from "../../src/store/readers/page.js";
import { everything, type Scope } from "../../src/store/readers/scope.js";
import { sessionOrder } from "../../src/store/readers/session-order.js";
import { SessionReader, type SessionRecord } from "../../src/store/readers/session.reader.js";
import { sample, startService, type TestService } from "../support/service.js";
import { Observed } from "../support/observed.js";

/** More than a page holds. */
const versions = 205;

describe("sessions of agent versions", () => {
  let service: TestService;
  let database: Database;
  const versionIds = Array.from({ length: versions }, () => randomUUID());
  const sessionIds: string[] = [];
  beforeAll(async () => {
    service = await startService();
    database = await Database.open(service.config.database, 2);
    const payload = await sample("analyzed");
    const store = async (versionId: string, minute: number) => {
      const id = randomUUID();
      sessionIds.push(id);
      const started_at = new Date(Date.UTC(2026, 0, 1, 0, minute % 97)).toISOString();
      const agent_version = { ...payload.data.agent_version, id: versionId };
      const data = { ...payload.data, id, conversation_id: randomUUID(), agent_version, started_at };
      expect((await service.post({ ...payload, request_id: randomUUID(), data })).status).toBe(200);
    };
    for (let start = 0; start < versions; start += 41)
      await Promise.all(
        versionIds.slice(start, start + 41).flatMap((id, index) => {
          // Some have more sessions than are asked for.
          const count = (start + index) % 41 === 0 ? 6 : 1;
          return Array.from({ length: count }, (_, nth) => store(id, 31 * (start + index) + 7 * nth));
        }),
      );
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  const window = { limit: 4, fromEnd: false, after: undefined, before: undefined } satisfies Window;
  const windows: [string, Window][] = [
    ["the first", window],
    ["the last", { ...window, fromEnd: true }],
    ["those after a place", { ...window, after: ["2026-01-01 00:40:00.000000", randomUUID()] }],
    [
      "those before a place",
      { ...window, fromEnd: true, before: ["2026-01-01 00:40:00.000000", randomUUID()] },
    ],
  ];
  it.each(windows)("are read in one statement, however many are asked for: %s", async (_, of) => {
    const order = sessionOrder([]);
    const few = versionIds.slice(0, 42);
    // Too long for a walk of each of 100 versions, on every database.
    const wide = { language: { nin: Array.from({ length: 450 }, (_, index) => `no language ${index}`) } };
    const costly = {
      and: Array.from({ length: 12 }, () => ({ messages: { none: { userId: { null: false } } } })),
    };
    for (const filter of [{}, wide, costly, { id: { in: sessionIds.slice(0, 100) } }]) {
      const query = { filter, order, window: of };
      const alone = new Map(
        await Promise.all(
          few.map(async (id) => {
            const own = { and: [filter, { agentVersion: { id: { eq: id } } }] };
            return [
              id,
              await new SessionReader(database).page(everything, { ...query, filter: own }, ["id"]),
            ] as const;
          }),
        ),
      );
      expect(
        Array.from(alone.values()).some(({ hasNextPage, hasPreviousPage }) => hasNextPage || hasPreviousPage),
      ).toBe(true);
      for (const asked of [few.slice(0, 1), few, versionIds.slice(0, 100), versionIds]) {
        const observed = new Observed(database);
        const found = await new SessionReader(observed).ofParents(
          everything,
          "agentVersionId",
          asked,
          query,
          ["id"],
        );
        expect(observed.statements).toBe(1);
        expect(found.size).toBe(asked.length);
        for (const id of few.slice(0, asked.length)) {
          expect(placesOf(found.get(id))).toEqual(placesOf(alone.get(id)));
        }
      }
    }
  });

  it("take one statement more for masked readers, of all questions that are answered", async () => {
    const masked: Scope = { kind: "all", masked: true };
    for (const asked of [versionIds.slice(0, 2), versionIds]) {
      const observed = new Observed(database);
      const query = { filter: {}, order: sessionOrder([]), window };
      const fields = ["id", "customAnalysisData"] as const;
      const found = await new SessionReader(observed).ofParents(
        masked,
        "agentVersionId",
        asked,
        query,
        fields,
      );
      expect(observed.statements).toBe(2);
      for (const { rows } of found.values())
        for (const { customAnalysisData } of rows)
          expect(customAnalysisData).toMatchObject({ Currently_working: false });
    }
  });
});

/** What a page holds, by its cursors too. */
function placesOf(slice: Slice<SessionRecord> | undefined) {
  if (slice === undefined) return undefined;
  const { rows, positionOf, ...bounds } = slice;
  return { ...bounds, rows: rows.map((row) => [row.id, positionOf(row)]) };
}
