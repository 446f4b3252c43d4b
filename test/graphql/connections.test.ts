import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { buildSchema, getNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";
import { newEvent } from "../support/listening.js";
import { storeVariedSessions } from "../support/varied-sessions.js";

const schema = buildSchema(await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"));

/** Every field whose value is a connection. */
const connections = Object.values(schema.getTypeMap()).flatMap((type) =>
  isObjectType(type)
    ? Object.values(type.getFields())
        .filter((field) => getNamedType(field.type).name.endsWith("Connection"))
        .map((field) => ({ name: `${type.name}.${field.name}`, args: field.args.map(({ name }) => name) }))
    : [],
);

interface Connection {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** How each connection is reached: `PAGE` stands for its arguments and for what is selected of it. */
const ways: Readonly<Record<string, string>> = {
  "Query.sessions": "{ sessions PAGE }",
  "Query.messages": "{ messages PAGE }",
  "Query.agentVersions": "{ agentVersions PAGE }",
  "Query.webhookEvents": "{ webhookEvents PAGE }",
  "Query.expectations": "{ expectations PAGE }",
  "Session.messages": "{ sessions(first: 12) { nodes { messages PAGE } } }",
  "AgentVersion.sessions": "{ agentVersions { nodes { sessions PAGE } } }",
  "Query.agents": "{ agents PAGE }",
  "Agent.versions": "{ agents { nodes { versions PAGE } } }",
  "Agent.sessions": "{ agents { nodes { sessions PAGE } } }",
  "Conversation.sessions": "{ sessions(first: 12) { nodes { conversation { sessions PAGE } } } }",
  "Conversation.messages": "{ messages(first: 12) { nodes { conversation { messages PAGE } } } }",
};

/** A filter that leaves some of the items. */
const filters: Readonly<Record<string, string>> = {
  SessionConnection: "{ status: { eq: ANALYZED } }",
  MessageConnection: '{ direction: { eq: "INBOUND" } }',
  AgentConnection: '{ name: { startsWith: "Walked" } }',
  AgentVersionConnection: '{ name: { neq: "Walked 0 0" } }',
  ExpectationConnection: "{ kind: { eq: END } }",
  WebhookEventConnection: '{ eventType: { eq: "conversation_agent_session.analyzed" } }',
};

describe("every connection", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({
      GRAPHQL_MAX_COST: "1000000",
      EXPECT_ANALYSIS_SECONDS: "1",
      EXPECT_END_SECONDS: "1",
    });
    await storeVariedSessions(service, 8);
    await storeAgents(3, 3);
    expect((await service.post(await newEvent("ended"))).status).toBe(200);
    const waiting = "filter: { status: { neq: ANALYZED } }";
    const count = (list: string) => service.query(`{ list: ${list} { totalCount } }`);
    const { data } = await count(`sessions(${waiting})`);
    await vi.waitFor(
      async () => {
        expect((await count("expectations")).data).toEqual(data);
      },
      { timeout: 10_000 },
    );
  });
  afterAll(async () => {
    await service.stop();
  });

  /** Agents with several versions each. */
  async function storeAgents(agents: number, versions: number): Promise<void> {
    for (let agent = 0; agent < agents; agent += 1) {
      const agent_id = randomUUID();
      for (let version = 0; version < versions; version += 1) {
        const event = await sample("started");
        event.request_id = randomUUID();
        Object.assign(event.data, { id: randomUUID(), conversation_id: randomUUID(), messages: [] });
        const content = { id: randomUUID(), agent_id, name: `Walked ${agent} ${version}` };
        Object.assign(event.data.agent_version, content);
        expect((await service.post(event)).status).toBe(200);
      }
    }
  }

  it("is walked here", () => {
    expect(Object.keys(ways).sort()).toEqual(connections.map(({ name }) => name).sort());
  });

  it.each(connections)("$name takes a filter, and pages both ways", ({ args }) => {
    expect(args).toEqual(expect.arrayContaining(["after", "before", "filter", "first", "last"]));
  });

  /** The connections that a way leads to: below a list, one of each item. */
  async function read(way: string, page: string): Promise<readonly Connection[]> {
    const selected =
      "{ totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";
    const { data, errors } = await service.query(way.replace("PAGE", `(${page}) ${selected}`));
    expect(errors).toBeUndefined();
    return connectionsIn(data);
  }

  function connectionsIn(value: unknown): readonly Connection[] {
    if (typeof value !== "object" || value === null) return [];
    if ("pageInfo" in value) return [value as Connection];
    return Object.values(value).flatMap((each) => connectionsIn(each));
  }

  function connectionAt(all: readonly Connection[], index: number): Connection {
    const connection = all[index];
    if (connection === undefined) throw new Error(`There is no connection ${index}.`);
    return connection;
  }

  const ids = ({ nodes }: Connection) => nodes.map(({ id }) => id);

  it.each(Object.entries(ways))(
    "%s gives the same list in small pages, forward and backward",
    async (name, way) => {
      const filter = filters[typeOf(name)] ?? "";
      for (const filtered of ["", `, filter: ${filter}`]) {
        const whole = await read(way, `first: 200${filtered}`);
        expect(await read(way, `last: 200${filtered}`)).toEqual(whole);
        const lengths = whole.map(({ nodes }) => nodes.length);
        const index = lengths.indexOf(Math.max(...lengths));
        const longest = connectionAt(whole, index);
        expect(longest.nodes.length).toBeGreaterThan(1);
        expect(longest.totalCount).toBe(longest.nodes.length);
        const size = Math.max(1, Math.floor(longest.nodes.length / 3));
        const forward: string[] = [];
        for (let after = ""; ;) {
          const page = connectionAt(await read(way, `first: ${size}${after}${filtered}`), index);
          forward.push(...ids(page));
          expect(page.totalCount).toBe(longest.totalCount);
          if (!page.pageInfo.hasNextPage) break;
          after = `, after: "${String(page.pageInfo.endCursor)}"`;
        }
        expect(forward).toEqual(ids(longest));
        const backward: string[] = [];
        for (let before = ""; ;) {
          const page = connectionAt(await read(way, `last: ${size}${before}${filtered}`), index);
          backward.unshift(...ids(page));
          if (!page.pageInfo.hasPreviousPage) break;
          before = `, before: "${String(page.pageInfo.startCursor)}"`;
        }
        expect(backward).toEqual(ids(longest));
      }
    },
  );

  it.each(Object.entries(ways))("%s holds what its filter leaves, and counts it", async (name, way) => {
    const filter = filters[typeOf(name)] ?? "";
    const all = await read(way, "first: 200");
    const matching = await read(way, `first: 200, filter: ${filter}`);
    const others = await read(way, `first: 200, filter: { not: ${filter} }`);
    let [left, out] = [0, 0];
    for (const [index, connection] of all.entries()) {
      const [of, not] = [matching[index], others[index]].map((each) => new Set(each && ids(each)));
      left += of?.size ?? 0;
      out += not?.size ?? 0;
      expect(new Set([...(of ?? []), ...(not ?? [])])).toEqual(new Set(ids(connection)));
      expect([matching[index]?.totalCount, others[index]?.totalCount]).toEqual([of?.size, not?.size]);
      expect(connection.totalCount).toBe((of?.size ?? 0) + (not?.size ?? 0));
    }
    expect(left).toBeGreaterThan(0);
    expect(out).toBeGreaterThan(0);
  });

  it.each(Object.entries(ways))(
    "%s refuses what is no cursor of it, and both ends at once",
    async (_, way) => {
      for (const page of ['after: "x"', 'before: "x"', "first: 1, last: 1", "first: 201", "last: -1"]) {
        const { errors } = await service.query(way.replace("PAGE", `(${page}) { nodes { id } }`));
        expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT" });
      }
    },
  );
});

function typeOf(way: string): string {
  const [type = "", name = ""] = way.split(".");
  const owner = schema.getType(type);
  const field = isObjectType(owner) ? owner.getFields()[name] : undefined;
  return field === undefined ? "" : getNamedType(field.type).name;
}
