import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKey, onDatabase, organizationA, organizationB } from "../support/callers.js";
import {
  createTestDatabase,
  type Payload,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";

type Header = Record<string, string>;

/** What one event says of its agent. */
interface Carried {
  readonly agent: string;
  readonly version?: string;
  readonly name: string | null;
  readonly organization?: string;
  readonly session?: string;
  readonly minute?: number;
}

async function eventWith({ agent, version = randomUUID(), name, ...rest }: Carried): Promise<Payload> {
  const { organization = organizationA, session = randomUUID(), minute = 0 } = rest;
  const event = await sample("analyzed");
  event.request_id = randomUUID();
  event.created_at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  Object.assign(event.data, { id: session, conversation_id: randomUUID(), messages: [] });
  Object.assign(event.data.agent_version, {
    id: version,
    agent_id: agent,
    name,
    organization_id: organization,
  });
  return event;
}

describe("agents", () => {
  let database: TestDatabase;
  let service: TestService;
  let reader: Header;
  let readerOfB: Header;
  let operator: Header;
  beforeAll(async () => {
    database = await createTestDatabase();
    reader = (await makeKey(database)).header;
    readerOfB = (await makeKey(database, { organization: organizationB })).header;
    operator = (await makeKey(database, { role: "operator" })).header;
    service = await startService({}, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const store = async (...events: readonly Payload[]) => {
    for (const event of events) expect((await service.post(event)).status).toBe(200);
  };
  const read = async (text: string, variables: Record<string, unknown> = {}, header: Header = reader) => {
    const { data, errors } = await service.query(text, variables, header);
    expect(errors).toBeUndefined();
    return data;
  };

  it("are named as their newest version's newest content, whatever order events come in", async () => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const;
    for (const order of orders) {
      const [agent, first, second] = [randomUUID(), randomUUID(), randomUUID()];
      const events = [
        await eventWith({ agent, version: first, name: "As it was", minute: 1 }),
        await eventWith({ agent, version: second, name: "As it became", minute: 3 }),
        await eventWith({ agent, version: first, name: "Of an older version", minute: 2 }),
      ];
      await store(...order.flatMap((index) => events[index] ?? []));
      const data = await read(
        `query ($id: ID!) { agent(id: $id) { id name versions(orderBy: [{ field: NAME }]) { totalCount nodes { id name agent { name } } } }
           node(id: $id) { id ... on Agent { name sessions { totalCount nodes { agent { id name } } } } }
           agents(filter: { id: { eq: $id } }) { totalCount nodes { name } } }`,
        { id: agent },
      );
      const own = { name: "As it became" };
      expect(data).toEqual({
        agent: {
          id: agent,
          ...own,
          versions: {
            totalCount: 2,
            nodes: [
              { id: second, name: "As it became", agent: own },
              { id: first, name: "Of an older version", agent: own },
            ],
          },
        },
        node: {
          id: agent,
          ...own,
          sessions: {
            totalCount: 3,
            nodes: Array.from({ length: 3 }, () => ({ agent: { id: agent, ...own } })),
          },
        },
        agents: { totalCount: 1, nodes: [own] },
      });
    }
  });

  it("are each organization's own, also where two share an id", async () => {
    const [agent, version] = [randomUUID(), randomUUID()];
    const ofA = await eventWith({ agent, version, name: "A's", minute: 1 });
    const ofB = await eventWith({ agent, version, name: "B's", organization: organizationB, minute: 2 });
    ofB.data.started_at = "2026-01-02T00:00:00Z";
    await store(ofA, ofB);
    const text = `query ($id: ID!, $ids: [ID!]!) {
      agent(id: $id) { ...own } nodes(ids: $ids) { ...own }
      agents(first: 5, filter: { id: { eq: $id } }, orderBy: [{ field: NAME }]) { totalCount nodes { ...own } } }
      fragment own on Agent { name organizationId sessions(first: 5) { totalCount nodes { id agent { name } } }
        versions(first: 5) { totalCount nodes { name sessions(first: 5) { totalCount nodes { id } } } } }`;
    const own = (name: string, organizationId: string, ...events: readonly Payload[]) => {
      const nodes = events.map(({ data: { id } }) => ({ id, agent: { name } }));
      const sessions = { totalCount: nodes.length, nodes: events.map(({ data: { id } }) => ({ id })) };
      return {
        name,
        organizationId,
        sessions: { totalCount: nodes.length, nodes },
        versions: { totalCount: 1, nodes: [{ name, sessions }] },
      };
    };
    // To an operator one id is one agent, with the newest content of all.
    for (const [header, agentOfCaller] of [
      [reader, own("A's", organizationA, ofA)],
      [readerOfB, own("B's", organizationB, ofB)],
      [operator, own("B's", organizationB, ofB, ofA)],
    ] as const)
      expect(await read(text, { id: agent, ids: [agent] }, header)).toEqual({
        agent: agentOfCaller,
        nodes: [agentOfCaller],
        agents: { totalCount: 1, nodes: [agentOfCaller] },
      });
  });

  it("and their versions are sorted by name", async () => {
    const agent = randomUUID();
    const names = ["Zoe", null, "anna", "Anna", "Émile", "Zoe"];
    const alone = names.map(() => randomUUID());
    for (const [index, name] of names.entries()) {
      await store(await eventWith({ agent, name, organization: organizationB, minute: index }));
      await store(await eventWith({ agent: alone[index] ?? "", name, organization: organizationB }));
    }
    const sorted = [null, "Anna", "Zoe", "Zoe", "anna", "Émile"];
    for (const [list, filter] of [
      ["agents", { id: { in: alone } }],
      ["agentVersions", { agentId: { eq: agent } }],
    ] as const) {
      const type = list === "agents" ? "Agent" : "AgentVersion";
      const text = `query ($filter: ${type}Filter, $orderBy: [${type}Order!], $after: String) {
        ${list}(first: 4, after: $after, filter: $filter, orderBy: $orderBy) { nodes { name id } pageInfo { endCursor } } }`;
      const page = async (direction: string, after?: string) => {
        const data = await read(text, { filter, orderBy: [{ field: "NAME", direction }], after }, operator);
        const { nodes, pageInfo } = data[list] as {
          nodes: { name: string | null; id: string }[];
          pageInfo: { endCursor: string };
        };
        return { nodes, ...pageInfo };
      };
      for (const [direction, expected] of [
        ["ASC", sorted],
        ["DESC", [...sorted].reverse()],
      ] as const) {
        const first = await page(direction);
        const second = await page(direction, first.endCursor);
        const all = [...first.nodes, ...second.nodes];
        expect(all.map(({ name }) => name)).toEqual(expected);
        expect(new Set(all.map(({ id }) => id)).size).toBe(names.length);
        const { errors } = await service.query(text, { filter, after: first.endCursor }, operator);
        expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
      }
    }
  });

  it.each([
    ["RECEIVED_AT", "receivedAt"],
    ["CHANGED_AT", "changedAt"],
  ] as const)("versions are sorted by when they, or their content, came: %s", async (field, property) => {
    interface Timed {
      readonly id: string;
      readonly receivedAt: string;
      readonly changedAt: string;
    }
    interface Lists {
      readonly agentVersions: { readonly nodes: readonly Timed[] };
      readonly agent: { readonly versions: { readonly nodes: readonly Timed[] } };
    }
    const agent = randomUUID();
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const contents = [first, second, third, first, second, second];
    for (const [minute, version] of contents.entries()) {
      // The second returns to its first content in the end.
      const name = minute === 3 || minute === 4 ? "Other" : "First";
      await store(await eventWith({ agent, version, name, minute }));
    }
    const { data, errors } = await service.query<Lists>(
      `query ($agent: ID!, $by: [AgentVersionOrder!], $first: Int) {
         agentVersions(first: $first, orderBy: $by, filter: { agentId: { eq: $agent } }) { nodes { ...T } }
         agent(id: $agent) { versions(orderBy: $by) { nodes { ...T } } } }
       fragment T on AgentVersion { id receivedAt changedAt }`,
      { agent, by: [{ field, direction: "DESC" }] },
      operator,
    );
    expect(errors).toBeUndefined();
    const times = data.agentVersions.nodes;
    expect(data.agent.versions.nodes).toEqual(times);
    const expected = field === "RECEIVED_AT" ? [third, second, first] : [first, third, second];
    expect(times.map(({ id }) => id)).toEqual(expected);
    expect(times.filter((time) => time.changedAt > time.receivedAt).map(({ id }) => id)).toEqual([first]);
    // Filters ask for what is served, and pages go on where the last one ended.
    const found = await service.query<Lists>(
      `query ($agent: ID!, $filter: AgentVersionFilter) {
         agentVersions(filter: $filter) { nodes { id } totalCount }
         agent(id: $agent) { versions(filter: $filter) { nodes { id } totalCount } } }`,
      { agent, filter: { agentId: { eq: agent }, [property]: { eq: times[1]?.[property] } } },
      operator,
    );
    const only = { nodes: [{ id: expected[1] }], totalCount: 1 };
    expect(found.data).toEqual({ agentVersions: only, agent: { versions: only } });
    const paged: { readonly cursor: string; readonly node: { readonly id: string } }[] = [];
    for (const id of expected) {
      const after = paged.at(-1)?.cursor ?? null;
      const page = await service.query<{ agentVersions: { edges: typeof paged } }>(
        `query ($agent: ID!, $by: [AgentVersionOrder!], $after: String) {
           agentVersions(first: 1, after: $after, orderBy: $by, filter: { agentId: { eq: $agent } }) {
             edges { cursor node { id } } } }`,
        { agent, by: [{ field, direction: "DESC" }], after },
        operator,
      );
      paged.push(...page.data.agentVersions.edges);
      expect(paged.at(-1)?.node.id).toBe(id);
    }
  });

  it("are gone with their last session", async () => {
    const agent = randomUUID();
    const session = randomUUID();
    await store(await eventWith({ agent, name: "Short-lived", session }));
    // What retention does to it.
    await onDatabase(database, (opened) =>
      opened.transaction((transaction) =>
        transaction.execute("DELETE FROM sessions WHERE id = ?", [session]),
      ),
    );
    const data = await read("query ($id: ID!) { agent(id: $id) { id } node(id: $id) { id } }", { id: agent });
    expect(data).toEqual({ agent: null, node: null });
  });
});
