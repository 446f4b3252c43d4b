import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { eventOf, makeKey, organizationA, organizationB } from "../support/callers.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

type Header = Record<string, string>;

const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
  ... on Session { status } ... on Message { direction } ... on AgentVersion { name } ... on WebhookEvent { eventType } } }`;

describe("nodes by their ids", () => {
  let database: TestDatabase;
  let service: TestService;
  let reader: Header;
  let operator: Header;
  const ofA = { session: "", version: "", message: "", delivery: "" };
  const ofB = { session: "", version: "", message: "", delivery: "" };
  beforeAll(async () => {
    database = await createTestDatabase();
    reader = (await makeKey(database)).header;
    operator = (await makeKey(database, { role: "operator" })).header;
    service = await startService({}, database);
    for (const [organization, mark, ids] of [
      [organizationA, "a1", ofA],
      [organizationB, "b1", ofB],
    ] as const) {
      const event = await eventOf(organization, mark);
      expect((await service.post(event)).status).toBe(200);
      ids.session = String(event.data.id);
      ids.version = String(event.data.agent_version.id);
      ids.message = String(event.data.messages[0]?.id);
      const { data } = await service.query<{ webhookEvents: { nodes: { id: string }[] } }>(
        `{ webhookEvents(first: 1) { nodes { id } } }`,
        {},
        operator,
      );
      ids.delivery = String(data.webhookEvents.nodes[0]?.id);
    }
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const read = async (ids: readonly string[], header: Header) => {
    const { data, errors } = await service.query<{ nodes: ({ id: string; __typename: string } | null)[] }>(
      query,
      { ids },
      header,
    );
    expect(errors).toBeUndefined();
    return data.nodes;
  };

  it("are read in the order of the ids, null where there is none", async () => {
    const ids = [ofA.message, randomUUID(), ofA.session.toUpperCase(), "é", ofA.version, ofA.session];
    expect(await read(ids, reader)).toEqual([
      { __typename: "Message", id: ofA.message, direction: expect.any(String) },
      null,
      { __typename: "Session", id: ofA.session, status: "ANALYZED" },
      null,
      { __typename: "AgentVersion", id: ofA.version, name: expect.any(String) },
      { __typename: "Session", id: ofA.session, status: "ANALYZED" },
    ]);
    expect(await read([], reader)).toEqual([]);
  });

  it("are null where they are another organization's, and deliveries to all but operators", async () => {
    const ids = [...Object.values(ofB), ofA.delivery];
    expect(await read(ids, reader)).toEqual(ids.map(() => null));
    const names = ["Session", "AgentVersion", "Message", "WebhookEvent", "WebhookEvent"];
    expect((await read(ids, operator)).map((node) => node?.__typename)).toEqual(names);
    const { header } = await makeKey(database, { organization: null });
    expect((await read(ids, header)).map((node) => node?.__typename)).toEqual([
      ...names.slice(0, 3),
      undefined,
      undefined,
    ]);
  });

  it("of one id: a delivery to operators, by either field", async () => {
    const both = "query ($id: ID!) { node(id: $id) { id } webhookEvent(id: $id) { id body } }";
    const { data, errors } = await service.query(both, { id: ofA.delivery.toUpperCase() }, operator);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      node: { id: ofA.delivery },
      webhookEvent: { id: ofA.delivery, body: expect.any(Object) },
    });
    const none = await service.query(both, { id: ofA.session }, operator);
    expect(none.data).toEqual({ node: { id: ofA.session }, webhookEvent: null });
    const refused = await service.query(both, { id: ofA.delivery }, reader);
    expect(refused.data).toEqual({ node: null, webhookEvent: null });
    expect(refused.errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["webhookEvent"], "FORBIDDEN"],
    ]);
  });

  it("take as many statements for many ids as for one", async () => {
    const count = async (ids: readonly string[]) => {
      const statements = vi.spyOn(Database.prototype, "readForClients");
      await read(ids, operator);
      const { length } = statements.mock.calls.filter(([sql]) => sql.includes(" IN ("));
      statements.mockRestore();
      return length;
    };
    const one = await count([ofA.session]);
    expect(one).toBeGreaterThan(0);
    const many = [...Object.values(ofA), ...Object.values(ofB)];
    expect(await count([...many, ...Array.from({ length: 190 }, () => randomUUID())])).toBe(one);
  });

  it("cost one each, and are at most 200", async () => {
    const ids = Array.from({ length: 200 }, () => randomUUID());
    const cost = async (text: string, variables = {}) =>
      (await service.query(text, variables, reader)).extensions;
    const list = JSON.stringify(ids.slice(0, 7));
    expect(await cost(`{ nodes(ids: ${list}) { id } }`)).toEqual({ cost: 7 });
    expect(await cost("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids })).toEqual({ cost: 200 });
    expect(
      await cost(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Session { messages(first: 3) { nodes { id } } } } }",
        {
          ids,
        },
      ),
    ).toEqual({ cost: 200 * (1 + 1 + 3) });
    const { errors } = await service.query(query, { ids: [...ids, randomUUID()] }, reader);
    expect(errors?.[0]).toMatchObject({
      message: "ids: must not hold more than 200 ids.",
      extensions: {
        code: "BAD_USER_INPUT",
        fields: [{ field: "ids", rule: "must not hold more than 200 ids" }],
      },
    });
  });
});
