import "reflect-metadata";
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DialectName } from "../../src/store/sql/dialect.js";
import { eventOf, makeKey, onDatabase, organizationA, organizationB } from "../support/callers.js";
import { readableSql, recordStatements } from "../support/recorded-statements.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

/** The file of each operation, and what is asked. `after` is the cursor of the newest session. */
const queries = {
  "sessions-newest":
    "{ sessions(first: 2) { nodes { id status startedAt } pageInfo { hasNextPage endCursor } } }",
  "sessions-second-page":
    "query ($after: String) { sessions(first: 2, after: $after) { nodes { id status startedAt } } }",
  "sessions-counted": "{ sessions(first: 2) { totalCount nodes { id } } }",
  "sessions-of-organization": `{ sessions(first: 2, filter: { organizationId: { eq: "${organizationA}" } }) { nodes { id } } }`,
  "sessions-by-sentiment-and-time": `{ sessions(first: 2, filter: {
    userSentiment: { eq: "Neutral" }, startedAt: { gte: "2025-08-01T00:00:00Z", lt: "2025-09-01T00:00:00Z" } }) { nodes { id } } }`,
  "sessions-by-answer": `{ sessions(first: 2, filter: { answers: [
    { name: "Currently_working", boolean: { eq: false } }] }) { nodes { id } } }`,
  "sessions-by-phone": `{ sessions(first: 2, filter: { messages: { some: { or: [
    { from: { eq: "+13237452021" } }, { to: { eq: "+13237452021" } }] } } }) { nodes { id } } }`,
  "sessions-by-search": '{ sessions(first: 2, filter: { search: "job" }) { nodes { id } } }',
  "sessions-by-message-count":
    "{ sessions(first: 2, orderBy: [{ field: MESSAGE_COUNT, direction: DESC }]) { nodes { id } } }",
  "session-with-all": `query ($id: ID!) { session(id: $id) { id chatSummary
    messages(first: 50) { nodes { id body direction createdAt } }
    analysis { chatSummary answers { name value } } agentVersion { id name } agentVersionRevision { id name } } }`,
  "agent-versions": "{ agentVersions(first: 2) { totalCount nodes { id name } } }",
  agents: "{ agents(first: 2) { totalCount nodes { id name versions(first: 2) { nodes { id } } } } }",
  conversation: `query ($conversationId: ID!) { conversation(id: $conversationId) { id
    sessions(first: 2) { nodes { id } } messages(first: 2) { nodes { id body } } } }`,
  "messages-newest": "{ messages(first: 2) { nodes { id body createdAt } } }",
  "stats-by-agent-and-day": `{ sessionStats(groupBy: [{ field: AGENT }], interval: DAY) {
    from count averageMessageCount sentiments { value count } groups { value agentVersion { name } } } }`,
  "expectations-open":
    "{ expectations(first: 2, filter: { closedAt: { null: true } }) { totalCount nodes { id kind openedAt } } }",
  "webhook-events": "{ webhookEvents(first: 2) { nodes { id eventType status receivedAt } } }",
} as const;

const othersOperations = ["sessions-of-reader", "export", "ingest-new-session", "ingest-known-session"];

/** A change of a statement shows up in review as a change of test/snapshots/sql. */
describe("the SQL of", () => {
  let database: TestDatabase;
  let service: TestService;
  let dialect: DialectName;
  let operator: { Authorization: string };
  let reader: { Authorization: string };
  let variables: { id: unknown; conversationId: unknown; after: string };
  const ingest: Record<string, string[]> = {};

  const post = async (event: unknown) => {
    expect((await service.post(event)).status).toBe(200);
  };
  const matches = async (name: string, statements: readonly string[]) => {
    expect(statements).not.toEqual([]);
    await expect(readableSql(statements, dialect)).toMatchFileSnapshot(fileOf(name));
  };
  const fileOf = (name: string) => `../snapshots/sql/${dialect}/${name}.sql`;

  beforeAll(async () => {
    database = await createTestDatabase();
    operator = (await makeKey(database, { role: "operator" })).header;
    reader = (await makeKey(database)).header;
    dialect = await onDatabase(database, (opened) => Promise.resolve(opened.dialect.name));
    service = await startService({}, database);
    await post(await eventOf(organizationA, "a1", "started"));
    const analyzed = await eventOf(organizationA, "a1");
    ingest["ingest-known-session"] = await recordStatements(() => post(analyzed));
    const other = await eventOf(organizationB, "b1");
    ingest["ingest-new-session"] = await recordStatements(() => post(other));
    for (const session of ["a2", "a3"]) await post(await eventOf(organizationA, session));
    const { data } = await service.query<{ sessions: { pageInfo: { endCursor: string } } }>(
      "{ sessions(first: 1) { pageInfo { endCursor } } }",
      {},
      operator,
    );
    variables = {
      id: analyzed.data.id,
      conversationId: analyzed.data.conversation_id,
      after: data.sessions.pageInfo.endCursor,
    };
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const ask = async (query: string, headers: Record<string, string>) => {
    const { errors } = await service.query(query, variables, headers);
    expect(errors).toBeUndefined();
  };

  it.each(Object.entries(queries))("the query %s", async (name, query) => {
    await matches(name, await recordStatements(() => ask(query, operator)));
  });

  it("the newest sessions for the reader of one organization", async () => {
    await matches(
      "sessions-of-reader",
      await recordStatements(() => ask(queries["sessions-newest"], reader)),
    );
  });

  it("an export", async () => {
    const statements = await recordStatements(async () => {
      const response = await fetch(`${service.url}/export/sessions.ndjson`, { headers: operator });
      expect((await response.text()).trim().split("\n")).toHaveLength(4);
    });
    await matches("export", statements);
  });

  it.each(["ingest-new-session", "ingest-known-session"])("%s", async (name) => {
    await matches(name, ingest[name] ?? []);
  });

  it("no operation that is gone", async () => {
    const known = [...Object.keys(queries), ...othersOperations].map((name) => `${name}.sql`);
    const files = await readdir(new URL(`../snapshots/sql/${dialect}`, import.meta.url));
    expect(files.filter((file) => !known.includes(file))).toEqual([]);
  });
});
