import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onDatabase } from "../support/callers.js";
import { recordStatements } from "../support/recorded-statements.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";

const rule = "must not be used: this service has SEARCH=off";
const refusal = (field: string) => ({
  message: `${field}: ${rule}.`,
  extensions: { code: "BAD_USER_INPUT", fields: [{ field, rule }] },
});

describe("with SEARCH=off", () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({ SEARCH: "off" }, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  async function post(to: TestService, id: string, message: Record<string, string>): Promise<void> {
    const event = await sample("started");
    event.request_id = randomUUID();
    Object.assign(event.data, { id, messages: [{ ...event.data.messages[0], ...message }] });
    expect((await to.post(event)).status).toBe(200);
  }

  const wordsOf = async (id: string) =>
    await onDatabase(database, (opened) =>
      opened.read<{ terms: string }>("SELECT terms FROM session_terms WHERE session_id = ?", [id]),
    );

  it("keeps no words of a session, whether it is new, changes or shares its message", async () => {
    const [id, other, message] = [randomUUID(), randomUUID(), randomUUID()];
    const statements = await recordStatements(async () => {
      await post(service, id, { id: message, body: "Hello" });
      await post(service, other, { id: message, body: "Hello" });
      await post(service, id, { id: message, body: "Goodbye", updated_at: "2026-01-01T00:00:00Z" });
    });
    expect(statements.filter((sql) => /INSERT\s+INTO\s+sessions\b/.test(sql))).toHaveLength(2);
    const ofWords = statements.filter((sql) => /\bsession_terms|\bMATCH\b/.test(sql));
    expect(ofWords.filter((sql) => !sql.startsWith("DELETE FROM session_terms "))).toEqual([]);
    expect([await wordsOf(id), await wordsOf(other)]).toEqual([[], []]);
  });

  it("forgets the words that were kept before with the session's next change, and keeps them again when on", async () => {
    const [id, message] = [randomUUID(), randomUUID()];
    const searching = await startService({}, database);
    try {
      await post(searching, id, { id: message, body: "before" });
      expect(await wordsOf(id)).toMatchObject([{ terms: expect.stringContaining("before ") as string }]);
      await post(service, id, { id: message, body: "meanwhile", updated_at: "2026-01-01T00:00:00Z" });
      expect(await wordsOf(id)).toEqual([]);
      await post(searching, id, { id: message, body: "after", updated_at: "2026-01-02T00:00:00Z" });
      expect(await wordsOf(id)).toMatchObject([{ terms: expect.stringContaining("after ") as string }]);
    } finally {
      await searching.stop();
    }
  });

  it.each([
    ["a list", '{ sessions(filter: { search: "job" }) { nodes { id } } }', "filter.search"],
    [
      "a nested filter",
      '{ sessions(filter: { and: [{ not: { search: "job" } }] }) { totalCount nodes { id } } }',
      "filter.and.0.not.search",
    ],
    ["a count", '{ sessions(filter: { search: "job" }) { totalCount } }', "filter.search"],
    ["statistics", '{ sessionStats(filter: { search: "job" }) { count } }', "filter.search"],
  ])("refuses the filter in %s by name", async (_name, query, field) => {
    const { errors } = await service.query(query);
    expect(errors).toMatchObject([refusal(field)]);
  });

  it("refuses the filter in subscriptions by name", async () => {
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const query = 'subscription { sessionEvents(filter: { search: "job" }) { cursor } }';
    try {
      const answer = await client.iterate({ query }).next();
      expect(answer.value?.errors).toMatchObject([refusal("filter.search")]);
    } catch (errors) {
      expect(errors).toMatchObject([refusal("filter.search")]);
    } finally {
      await client.dispose();
    }
  });

  it.each(["ndjson", "csv"])("refuses the filter in exports as %s by name", async (format) => {
    const filter = encodeURIComponent(JSON.stringify({ search: "job" }));
    const response = await fetch(`${service.url}/export/sessions.${format}?filter=${filter}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      title: "BAD_USER_INPUT",
      detail: `filter.search: ${rule}.`,
    });
  });

  it("still serves all else", async () => {
    await post(service, randomUUID(), { id: randomUUID(), body: "Hello" });
    const { data, errors } = await service.query<{ sessions: { totalCount: number } }>(
      '{ sessions(filter: { messages: { some: { body: { contains: "Hello" } } } }) { totalCount } }',
    );
    expect(errors).toBeUndefined();
    expect(data.sessions.totalCount).toBeGreaterThan(0);
  });
});
