import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type QueryResult, sample, startService, type TestService } from "../support/service.js";
import { storeVariedSessions } from "../support/varied-sessions.js";

interface Connection {
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const list = `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: [SessionOrder!]) {
  sessions(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
    nodes { id startedAt endedAt status userSentiment messageCount }
    edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

const orders = [
  undefined,
  [{ field: "SENTIMENT" }, { field: "MESSAGE_COUNT", direction: "DESC" }, { field: "ENDED_AT" }],
  [{ field: "STATUS", direction: "DESC" }, { field: "ENDED_REASON" }],
  [
    { field: "LANGUAGE", direction: "DESC" },
    { field: "AGENT" },
    { field: "ORGANIZATION", direction: "DESC" },
  ],
];

describe("walking a connection", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
    await storeVariedSessions(service, 60);
  });
  afterAll(async () => {
    await service.stop();
  });

  async function read(variables: Record<string, unknown>): Promise<Connection> {
    const result: QueryResult<{ sessions: Connection }> = await service.query(list, variables);
    expect(result.errors).toBeUndefined();
    return result.data.sessions;
  }

  async function walk(variables: Record<string, unknown>, between?: () => Promise<void>): Promise<unknown[]> {
    const ids: unknown[] = [];
    let after: string | null = null;
    for (;;) {
      const page: Connection = await read({ ...variables, after });
      ids.push(...page.nodes.map(({ id }) => id));
      if (!page.pageInfo.hasNextPage) return ids;
      after = page.pageInfo.endCursor;
      await between?.();
    }
  }

  it.each(Array.from(orders.entries()))(
    "gives the same list in small pages, forward and backward: order %i",
    async (_, orderBy) => {
      const whole = (await read({ first: 200, orderBy })).nodes.map(({ id }) => id);
      expect(new Set(whole).size).toBe(whole.length);
      expect(await walk({ first: 7, orderBy })).toEqual(whole);
      const backward: unknown[] = [];
      let before: string | null = null;
      for (;;) {
        const page: Connection = await read({ last: 7, before, orderBy });
        backward.unshift(...page.nodes.map(({ id }) => id));
        if (!page.pageInfo.hasPreviousPage) break;
        before = page.pageInfo.startCursor;
      }
      expect(backward).toEqual(whole);
    },
  );

  it("sorts by each key in turn, what has no value first", async () => {
    const { nodes } = await read({
      first: 200,
      orderBy: [{ field: "STATUS" }, { field: "MESSAGE_COUNT", direction: "DESC" }],
    });
    const ranks = ["STARTED", "ENDED", "ANALYZED"];
    const keys = nodes.map(
      ({ status, messageCount }) => ranks.indexOf(String(status)) * 1_000 - Number(messageCount),
    );
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    const byEnd = await read({ first: 200, orderBy: [{ field: "ENDED_AT" }] });
    const ends = byEnd.nodes.map(({ endedAt }) => (endedAt ?? "") as string);
    expect(ends[0]).toBe("");
    expect(ends).toEqual([...ends].sort());
  });

  it("keeps to the connection's rules", async () => {
    const first = await read({ first: 3 });
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect([first.pageInfo.startCursor, first.pageInfo.endCursor]).toEqual([
      first.edges[0]?.cursor,
      first.edges[2]?.cursor,
    ]);
    const between = await read({ first: 5, after: first.edges[0]?.cursor, before: first.edges[2]?.cursor });
    expect(between.nodes.map(({ id }) => id)).toEqual([first.nodes[1]?.id]);
    const none = await read({ first: 0 });
    expect([none.nodes, none.pageInfo.startCursor, none.pageInfo.endCursor]).toEqual([[], null, null]);
  });

  it("refuses a cursor that was changed, or made for another order", async () => {
    const { endCursor } = (await read({ first: 2 })).pageInfo;
    const changed = `${String(endCursor).slice(0, -2)}AA`;
    for (const variables of [
      { first: 2, after: changed },
      { first: 2, after: endCursor, orderBy: [{ field: "ENDED_AT" }] },
      { first: 2, before: "no cursor" },
      { first: 2, last: 2 },
      { first: -1 },
      { first: 2, orderBy: Array(6).fill({ field: "STATUS" }) },
    ]) {
      const { errors } = await service.query(list, variables);
      expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    }
  });

  it("returns each session that was there once while 8 writers insert", async () => {
    const before = (await read({ first: 200 })).nodes.map(({ id }) => id);
    const walked = { done: false };
    const inserted = { count: 0 };
    const writers = Array.from({ length: 8 }, async () => {
      while (!walked.done) {
        const payload = await sample("started");
        payload.request_id = randomUUID();
        Object.assign(payload.data, {
          id: randomUUID(),
          messages: [],
          started_at: new Date(Date.UTC(2025, 7, 19) + Math.random() * 20 * 86_400_000).toISOString(),
        });
        await service.post(payload);
        inserted.count += 1;
      }
    });
    const insertMore = async () => {
      const least = inserted.count + 4;
      while (inserted.count < least) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const ids = await walk({ first: 5 }, insertMore);
    walked.done = true;
    await Promise.all(writers);
    expect(ids.filter((id) => before.includes(id)).sort()).toEqual([...before].sort());
    expect(new Set(ids).size).toBe(ids.length);
    expect(inserted.count).toBeGreaterThan(8);
  });
});
