import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { Database } from "../../src/store/database.js";
import { startService, type TestService } from "../service.js";
import { postAnalyzed } from "./listening.js";

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
  const read = vi.spyOn(Database.prototype, "read");
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
