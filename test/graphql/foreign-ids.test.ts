import { buildSchema, type GraphQLField, isInputObjectType } from "graphql";
import { readFile } from "node:fs/promises";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample, type Payload, startService, type TestService } from "../support/service.js";

/** What a client may send as an id or a code, and an ASCII column cannot be compared with. */
const foreign = [
  ...["é", "03d8d3f6-d983-41ae-85d6-ac1cf135a22é", "😀".repeat(36), `${"a".repeat(63)}é`, ""],
  ...[`03d8d3f6-d983-41ae-85d6-ac1cf135a223:${"a".repeat(63)}é`, `${"é".repeat(36)}:${"a".repeat(64)}`],
];

const schema = buildSchema(await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"));

/** All fields of a filter that compare ids or texts. */
function comparedFields(filter: string): string[] {
  const type = schema.getType(filter);
  if (!isInputObjectType(type)) throw new Error(`${filter} is no input.`);
  return Object.values(type.getFields())
    .filter((field) => ["IDComparator", "StringComparator"].includes(String(field.type)))
    .map(({ name }) => name);
}

const fields: GraphQLField<unknown, unknown>[] = Object.values(schema.getQueryType()?.getFields() ?? {});
/** All fields of Query that look something up by an id, or by several. */
const lookups = fields.flatMap(({ name, args }): { name: string; call: string; nothing: unknown }[] => {
  const names = args.map((argument) => argument.name);
  if (names.includes("id")) return [{ name, call: "(id: $id)", nothing: null }];
  return names.includes("ids") ? [{ name, call: "(ids: [$id])", nothing: [null] }] : [];
});

describe("ids and codes that are none of ours", () => {
  let service: TestService;
  let event: Payload;
  beforeAll(async () => {
    service = await startService();
    event = await sample("analyzed");
    expect((await service.post(event)).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each(foreign)("finds nothing by the id %j", async (id) => {
    const { errors, data } = await service.query(
      `query ($id: ID!) { ${lookups.map(({ name, call }) => `${name}${call} { id }`).join(" ")} }`,
      { id },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual(Object.fromEntries(lookups.map(({ name, nothing }) => [name, nothing])));
  });

  it("finds by an id in upper case, however often an operation asks for it", async () => {
    const id = String(event.data.id);
    const version = String(event.data.agent_version.id);
    const message = String(event.data.messages[0]?.id);
    const { data } = await service.query(
      `query ($id: ID!, $version: ID!, $message: ID!) {
         session(id: $id) { id } again: session(id: "é") { id }
         agentVersion(id: $version) { id } node(id: $message) { id } }`,
      { id: id.toUpperCase(), version: version.toUpperCase(), message: message.toUpperCase() },
    );
    expect(data).toEqual({
      session: { id },
      again: null,
      agentVersion: { id: version },
      node: { id: message },
    });
  });

  const lists = [
    ["sessions", "SessionFilter"],
    ["messages", "MessageFilter"],
    ["agentVersions", "AgentVersionFilter"],
    ["agents", "AgentFilter"],
    ["webhookEvents", "WebhookEventFilter"],
    ["sessions", "AnalysisFilter"],
  ] as const;
  it.each(lists.flatMap(([list, filter]) => comparedFields(filter).map((field) => [list, filter, field])))(
    "%s: finds nothing where %s.%s is one of them, and everything where it is none",
    async (list = "", filter = "", field = "") => {
      const own = filter === "AnalysisFilter" ? "{ analysisHistory: { some: $filter } }" : "$filter";
      const query = `query ($filter: ${filter}) { ${list}(filter: ${own}) { totalCount } }`;
      const countOf = async (filter: object) => {
        const { data, errors } = await service.query(query, { filter });
        expect(errors).toBeUndefined();
        return (data[list] as { totalCount: number }).totalCount;
      };
      const count = (comparator: object) => countOf({ [field]: comparator });
      const all = await countOf({ or: [{ [field]: { null: true } }, { [field]: { null: false } }] });
      expect(all).toBeGreaterThan(0);
      for (const value of foreign.filter((each) => each !== "")) {
        expect(await count({ eq: value })).toBe(0);
        expect(await count({ in: [value] })).toBe(0);
        expect(await count({ neq: value })).toBe(all);
        expect(await count({ nin: [value] })).toBe(all);
      }
    },
  );

  it("finds raw events by ids in upper case, and by parts of the scheme", async () => {
    const sessionId = String(event.data.id).toUpperCase();
    const organizationId = String(event.data.agent_version.organization_id).toUpperCase();
    const count = async (filter: object) => {
      const query = `query ($filter: WebhookEventFilter) { webhookEvents(filter: $filter) { totalCount nodes { id } } }`;
      const { data } = await service.query<{
        webhookEvents: { totalCount: number; nodes: { id: string }[] };
      }>(query, { filter });
      return data.webhookEvents;
    };
    const found = await count({
      sessionId: { eq: sessionId },
      organizationId: { in: [organizationId, "é"] },
    });
    expect(found.totalCount).toBe(1);
    const id = String(found.nodes[0]?.id).toUpperCase();
    expect((await count({ id: { eq: id } })).totalCount).toBe(1);
    for (const part of ["é", "standard-webhooksé"]) {
      expect((await count({ signatureScheme: { contains: part } })).totalCount).toBe(0);
      expect((await count({ signatureScheme: { startsWith: part } })).totalCount).toBe(0);
    }
    expect((await count({ signatureScheme: { null: true } })).totalCount).toBe(1);
  });

  it("finds by a hash in upper case what a hash finds", async () => {
    const { data: known } = await service.query<{
      agentVersions: { nodes: { revisionId: string }[] };
      webhookEvents: { nodes: { bodySha256: string }[] };
      sessions: { nodes: { analysisHistory: { id: string }[] }[] };
    }>(
      "{ agentVersions { nodes { revisionId } } webhookEvents { nodes { bodySha256 } } sessions { nodes { analysisHistory { id } } } }",
    );
    const { data, errors } = await service.query(
      `query ($revision: ID!, $body: ID!, $analysis: ID!) {
         byAnalysis: sessions(filter: { analysisHistory: { some: { id: { in: ["é", $analysis] }, revisionId: { eq: $revision } } } }) { totalCount }
         sessions(filter: { agentVersion: { revisionId: { eq: $revision } } }) { totalCount }
         agentVersions(filter: { revisionId: { in: ["é", $revision] } }) { totalCount }
         webhookEvents(filter: { bodySha256: { eq: $body } }) { totalCount } }`,
      {
        revision: known.agentVersions.nodes[0]?.revisionId.toUpperCase(),
        body: known.webhookEvents.nodes[0]?.bodySha256.toUpperCase(),
        analysis: known.sessions.nodes[0]?.analysisHistory[0]?.id.toUpperCase(),
      },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      byAnalysis: { totalCount: 1 },
      sessions: { totalCount: 1 },
      agentVersions: { totalCount: 1 },
      webhookEvents: { totalCount: 1 },
    });
  });

  it("exports nothing, and subscribes to nothing", async () => {
    const filter = { id: { in: ["é"] }, messages: { some: { contactId: { eq: "é" } } } };
    const address = `${service.url}/export/sessions.ndjson?filter=${encodeURIComponent(JSON.stringify(filter))}`;
    expect(await (await fetch(address)).text()).toBe("");
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    const { data } = await service.query<{ sessions: { eventCursor: string } }>(
      "{ sessions { eventCursor } }",
    );
    const id = String(event.data.id).toUpperCase();
    const query = `subscription ($after: Cursor, $filter: SessionFilter) { sessionEvents(after: $after, filter: $filter) { session { id } } }`;
    const listen = (ids: string[]) =>
      client
        .iterate({
          query,
          variables: { after: data.sessions.eventCursor, filter: { id: { in: ids } } },
        })
        .next();
    const foreigners = listen(["é"]);
    const ours = listen(["é", id]);
    event.request_id = "again";
    event.data.chat_summary = "Something else.";
    event.created_at = "2025-08-20T06:40:57.416929Z";
    expect((await service.post(event)).status).toBe(200);
    expect(await ours).toMatchObject({
      value: { data: { sessionEvents: { session: { id: event.data.id } } } },
    });
    await client.dispose();
    expect(await foreigners).toMatchObject({ done: true });
  });
});
