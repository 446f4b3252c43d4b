import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { beginning } from "../../src/events/feed-place.js";
import { Group, Subscriber } from "../../src/feed/group.js";
import { Metrics } from "../../src/metrics/metrics.js";
import { Database } from "../../src/store/database.js";
import { everything } from "../../src/store/readers/scope.js";
import { eventOf, makeKey, organizationA, organizationB, socketClient } from "../support/callers.js";
import { createTestDatabase, startService, type TestService } from "../support/service.js";
import { postAnalyzed } from "../support/listening.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

const asked = "session { id chatSummary agentVersion { name } }";
const short = `subscription ($filter: SessionFilter) { sessionAnalyzed(filter: $filter) { cursor ${asked} } }`;
const others = Array.from({ length: 300 }, () => `"${randomUUID()}"`).join(" ");
const long = `subscription { sessionAnalyzed(filter: { id: { nin: [${others}] } }) { cursor ${asked} } }`;

/** How many statements one event takes that all these subscribers are told. */
async function statementsFor(payloads: readonly { query: string; variables?: Record<string, unknown> }[]) {
  const client = createClient({
    url: `${service.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
  });
  const told: unknown[] = [];
  for (const payload of payloads)
    client.subscribe(payload, {
      next: ({ data }) => told.push(data?.sessionAnalyzed),
      error: () => undefined,
      complete: () => undefined,
    });
  const read = vi.spyOn(Database.prototype, "readForClients");
  // All are live once each of them was told of one event.
  await vi.waitFor(async () => {
    told.length = 0;
    await postAnalyzed(service, 1);
    await vi.waitFor(() => {
      expect(told).toHaveLength(payloads.length);
    }, 2_000);
  }, 20_000);
  told.length = 0;
  read.mockClear();
  await postAnalyzed(service, 1);
  await vi.waitFor(() => {
    expect(told).toHaveLength(payloads.length);
  }, 10_000);
  const statements = read.mock.calls.filter(([sql]) => /FROM (sessions|agent_version)/.test(sql)).length;
  read.mockRestore();
  await client.dispose();
  expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
  return statements;
}

it.each([
  ["a text that is long", [{ query: long }, { query: long }, { query: long }]],
  [
    "variables that are written otherwise",
    [
      { query: short, variables: { filter: { not: { id: { eq: "x" } }, status: { null: false } } } },
      { query: short, variables: { filter: { status: { null: false }, not: { id: { eq: "x" } } } } },
      {
        query: short,
        variables: { other: 1, filter: { status: { null: false }, not: { id: { eq: "x" } } } },
      },
    ],
  ],
])("an event is read once for all who ask the same by %s", async (_, payloads) => {
  const alone = await statementsFor(payloads.slice(0, 1));
  expect(alone).toBeGreaterThan(0);
  expect(await statementsFor(payloads)).toBe(alone);
});

it("whoever asks otherwise, or may see other things, is told their own", async () => {
  const database = await createTestDatabase();
  const keys = {
    reader: (await makeKey(database)).text,
    masked: (await makeKey(database, { role: "masked_reader" })).text,
    stranger: (await makeKey(database, { organization: organizationB })).text,
  };
  const guarded = await startService({}, database);
  const query = `
    subscription Summaries($x: Boolean = false) { sessionAnalyzed { session { id chatSummary @include(if: $x) } } }
    subscription Ids { sessionAnalyzed { session { id } } }
    subscription Types { sessionAnalyzed { type } }`;
  const asking = [
    [keys.reader, { operationName: "Summaries" }],
    [keys.reader, { operationName: "Summaries", variables: { x: true } }],
    [keys.reader, { operationName: "Ids" }],
    [keys.reader, { operationName: "Types" }],
    [keys.masked, { operationName: "Summaries", variables: { x: true } }],
    [keys.stranger, { operationName: "Summaries", variables: { x: true } }],
  ] as const;
  const told = new Map<number, unknown>();
  const clients = asking.map(([token, request], index) => {
    const client = socketClient(guarded, { token });
    client.subscribe(
      { query, ...request },
      {
        next: ({ data }) => told.set(index, data?.sessionAnalyzed),
        error: () => undefined,
        complete: () => undefined,
      },
    );
    return client;
  });
  for (const [organization, hearing] of [
    [organizationA, [0, 1, 2, 3, 4]],
    [organizationB, [5]],
  ] as const) {
    let id: unknown;
    let summary: unknown;
    // All are live once each was told of one event.
    await vi.waitFor(async () => {
      const event = await eventOf(organization, randomUUID().slice(0, 2));
      [id, summary] = [event.data.id, event.data.chat_summary];
      told.clear();
      expect((await guarded.post(event)).status).toBe(200);
      await vi.waitFor(() => {
        expect([...told.keys()].sort()).toEqual(hearing);
      }, 1_000);
    }, 20_000);
    const whole = { session: { id, chatSummary: summary } };
    const expected = [
      { session: { id } },
      whole,
      { session: { id } },
      { type: "ANALYZED" },
      { session: { id, chatSummary: null } },
      whole,
    ];
    expect(summary).toBeTruthy();
    for (const index of hearing) expect(told.get(index), String(index)).toEqual(expected[index]);
  }
  for (const client of clients) await client.dispose();
  await guarded.stop();
  await database.drop();
});

it("one that ends just before it would join its group is not kept", () => {
  const [isEmptied, sink] = [vi.fn(), { transport: "websocket", send: vi.fn(), backlog: 0 } as const];
  const interest = { scope: everything, kinds: [], filter: {} };
  const group = new Group({ key: "", interest, render: () => Promise.resolve(undefined) }, isEmptied);
  const subscriber = new Subscriber(group, beginning, sink, 1_000, new Metrics().feed);
  group.catchingUp.add(subscriber);
  subscriber.end();
  group.join(subscriber, beginning);
  expect(group.live.size).toBe(0);
  expect(isEmptied).toHaveBeenCalledOnce();
});
