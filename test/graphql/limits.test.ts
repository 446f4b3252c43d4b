import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";

describe("limits of one operation", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({
      GRAPHQL_MAX_COST: "5000",
      GRAPHQL_MAX_DEPTH: "9",
      GRAPHQL_MAX_ALIASES: "3",
    });
  });
  afterAll(async () => {
    await service.stop();
  });

  /** The first message over WebSocket: a result, or the errors that refused it. */
  async function overSocket(query: string): Promise<unknown> {
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    try {
      for await (const result of client.iterate({ query })) return result;
      return undefined;
    } catch (errors) {
      return errors;
    } finally {
      await client.dispose();
    }
  }

  it.each([
    ["{ session(id: 1) { id chatTranscript } }", 1],
    ["{ sessions(first: 10) { nodes { id } } }", 1 + 10],
    ["{ sessions(last: 10) { edges { cursor node { id } } } }", 1 + 10 * 2],
    ["{ sessions { totalCount } }", 1 + 20 + 480],
    ["{ agentVersions(first: 10) { nodes { sessions { totalCount } } } }", 1 + 10 * (1 + 1 + 20) + 480],
    [
      '{ sessions(first: 1, filter: { messages: { some: { body: { eq: "a" } } } }) { nodes { id } } }',
      2 + 80 + 1,
    ],
    [
      '{ sessions(first: 1, filter: { search: "a", answers: [{ name: "a", answered: true }, { name: "b", answered: true }] }) { nodes { id } } }',
      2 + 5 + 1 + 10 + 4,
    ],
    ["{ sessions(first: 1, orderBy: [{ field: MESSAGE_COUNT, direction: ASC }]) { nodes { id } } }", 2 + 100],
    ["{ sessions(first: 10) { nodes { messages(first: 20) { nodes { id } } } } }", 1 + 10 * (1 + 1 + 20)],
    ["{ agents(first: 10) { totalCount nodes { name } } }", 1 + 20 + 480 + 10],
    [
      "{ agents(first: 3, orderBy: [{ field: NAME }]) { nodes { versions(first: 2) { nodes { id } } } } }",
      1 + 100 + 3 * (1 + 1 + 2),
    ],
    [
      `{ sessions(first: 3) { nodes { agent { name } conversation { messages(last: 4, filter: {
        direction: { eq: "INBOUND" } }) { totalCount nodes { id } } } } } }`,
      1 + 3 * (1 + 1 + (1 + (1 + 1 + 20 + 4))) + 480,
    ],
    ["{ sessions(first: 10) { nodes { analysis { answers { name } } } } }", 1 + 10 * (1 + 1 + 5)],
    ["{ sessionStats { groups { value } } }", 5 * (100 + 5)],
    ["{ sessionStats { groups { agentVersion { name } } } }", 5 * (100 + 5) + 100],
    [
      "{ sessionStats { groups { agentVersion { sessions(first: 2) { nodes { id } } } } } }",
      5 * (100 + 5) + 100 * (1 + 1 + 2),
    ],
    [
      "query ($n: Int = 7) { sessions(first: $n) { ...page } } fragment page on SessionConnection { nodes { id } }",
      8,
    ],
    [
      '{ sessions(first: 3, filter: { id: { in: ["a", "b"] }, not: { language: { eq: "en" } } }) { nodes { id } } }',
      1 + 3 + 3,
    ],
    [
      "{ sessions(first: 3) { nodes { agentVersion { sessions(first: 2, filter: { messageCount: { gt: 1 } }) { nodes { id } } } } } }",
      1 + 3 * (1 + 1 + (1 + 1 + 2)),
    ],
    [
      '{ sessions(first: 1, filter: { language: { eqIgnoreCase: "a", containsIgnoreCase: "b" } }) { nodes { id } } }',
      2 + 5 + 5,
    ],
    ["{ __schema { types { fields { type { ofType { name } } } } } }", 0],
    ["{ __schema { types { ...t } } } fragment t on __Type { fields { type { name } } }", 0],
  ])("weighs %s before it runs", async (query, cost) => {
    const { extensions, errors } = await service.query(query);
    expect(errors).toBeUndefined();
    expect(extensions).toEqual({ cost });
  });

  const tooMuch = {
    cost: "{ sessions(first: 100) { nodes { messages(first: 100) { nodes { id } } } } }",
    depth: `{ sessions { nodes { agentVersion { sessions(first: 1) { nodes { agentVersion { sessions(first: 1) { nodes {
      agentVersion { id } } } } } } } } } }`,
    aliases: "{ a: session(id: 1) { id } b: session(id: 1) { id } c: session(id: 1) { x: id } }",
  };

  it.each(Object.entries(tooMuch))("refuses too great a %s on HTTP and on WebSocket", async (what, query) => {
    const { status, errors, data } = await service.query(query);
    expect([status, data]).toEqual([400, undefined]);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining(what),
      extensions: { code: "QUERY_TOO_COMPLEX" },
    });
    expect(await overSocket(query)).toMatchObject([{ extensions: { code: "QUERY_TOO_COMPLEX" } }]);
  });

  it("counts aliases of introspection too, also those in fragments", async () => {
    const types = Array.from({ length: 4 }, (_, n) => `a${n}: types { ...t }`);
    const fragment = "fragment t on __Type { name }";
    for (const query of [
      `{ __schema { ${types.join(" ")} } } ${fragment}`,
      "{ __schema { types { ...t } } } fragment t on __Type { a: name b: name c: name d: name }",
    ]) {
      const { status, errors } = await service.query(query);
      expect(status).toBe(400);
      expect(errors?.[0]?.message).toContain("4 aliases");
      expect(await overSocket(query)).toMatchObject([{ extensions: { code: "QUERY_TOO_COMPLEX" } }]);
    }
  });

  it("refuses introspection that doubles with its depth, on HTTP and on WebSocket", async () => {
    const query = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    expect((await service.query(query)).errors?.[0]?.message).toBe("Maximum introspection depth exceeded");
    expect(await overSocket(query)).toMatchObject([{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }]);
  });

  it("counts what a variable asks of other tables", async () => {
    const query = "query ($f: SessionFilter) { sessions(first: 1, filter: $f) { nodes { id } } }";
    const f = { or: [{ messages: { some: { body: { eq: "a" } } } }, { analysisHistory: { some: asked } }] };
    expect((await service.query(query, { f })).extensions).toEqual({ cost: 2 + 80 + 1 + 10 + 1 });
    expect((await service.query(query, { f: { messages: null } })).extensions).toEqual({ cost: 2 });
  });

  it("counts what a variable's default asks of other tables", async () => {
    const query = `query (
      $m: SessionMessagesFilter = { some: { body: { eq: "a" } } }
      $a: [AnalysisAnswerFilter!] = [{ name: "a", answered: true }, { name: "b", answered: true }]
      $s: String = "a"
    ) { sessions(first: 1, filter: { messages: $m, answers: $a, search: $s }) { nodes { id } } }`;
    expect((await service.query(query)).extensions).toEqual({ cost: 2 + (80 + 1) + 2 * (5 + 2) + (5 + 1) });
    expect((await service.query(query, { a: [], s: null })).extensions).toEqual({ cost: 2 + 80 + 1 });
  });

  it("counts the page size of a variable", async () => {
    const query =
      "query ($n: Int!) { sessions(first: 50) { nodes { messages(first: $n) { nodes { id } } } } }";
    expect((await service.query(query, { n: 5 })).extensions).toEqual({ cost: 1 + 50 * 7 });
    expect((await service.query(query, { n: 200 })).errors?.[0]?.extensions.code).toBe("QUERY_TOO_COMPLEX");
    const withDefault = "query ($n: Int = 10) { sessions(first: $n) { nodes { id } } }";
    expect((await service.query(withDefault, {})).extensions).toEqual({ cost: 1 + 10 });
    expect((await service.query(withDefault, { n: null })).extensions).toEqual({ cost: 1 + 50 });
  });

  it("counts the values of a filter wherever they come from", async () => {
    const query =
      'query ($ids: [ID!], $f: SessionFilter = { language: { in: ["a", "b"] } }) { a: sessions(first: 1, filter: { or: [{ id: { in: $ids } }, { id: { nin: $ids } }] }) { nodes { id } } b: sessions(first: 1, filter: $f) { nodes { id } } }';
    const ids = ["a", "b", "c"];
    expect((await service.query(query, { ids })).extensions).toEqual({ cost: 2 + 6 + 2 + 2 });
    const f = { and: [{ id: { in: ids } }, { language: null }] };
    expect((await service.query(query, { ids, f })).extensions).toEqual({ cost: 2 + 6 + 2 + 3 });
  });

  const asked = { id: { null: false } };
  const many = (count: number, filter: unknown) => Array.from({ length: count }, () => filter);
  const ids = Array.from({ length: 300 }, (_, index) => String(index));

  const tooManyRows =
    "has too many conditions on other objects: one on messages counts 16, on the analysis history 2, on an answer or a search 1; at most 200 together.";

  it.each([
    [
      "filters",
      { and: many(200, { language: { eq: "a" } }) },
      "filter.and.99: must not hold more than 200 conditions.",
    ],
    [
      "values in all",
      { or: many(2, { id: { in: ids } }) },
      "filter.or.1.id.in: must not hold more than 500 values, with all lists of the filter.",
    ],
    [
      "questions about messages",
      { and: many(13, { messages: { some: { body: { contains: "a" } } } }) },
      `filter.and.12.messages: ${tooManyRows}`,
    ],
    [
      "questions about analyses",
      {
        and: [
          ...many(12, { messages: { some: { body: { contains: "a" } } } }),
          ...many(2, { analysisHistory: { some: asked, every: asked, none: asked } }),
        ],
      },
      `filter.and.13.analysisHistory: ${tooManyRows}`,
    ],
    [
      "questions about answers",
      { answers: many(201, { name: "Willing", boolean: { eq: true } }) },
      `filter.answers.200: ${tooManyRows}`,
    ],
  ])("of a filter: not too many %s", async (_, filter, message) => {
    const { errors } = await service.query(
      "query ($filter: SessionFilter) { sessions(filter: $filter, first: 1) { nodes { id } } }",
      { filter },
    );
    expect(errors?.[0]).toMatchObject({ message, extensions: { code: "BAD_USER_INPUT" } });
  });

  it("weighs fragments that double 40 times at once", async () => {
    const doubling = Array.from(
      { length: 40 },
      (_, n) =>
        `fragment f${n} on Session { ${n === 39 ? "analysis { answers { name } }" : `...f${n + 1} ...f${n + 1}`} }`,
    );
    const { errors } = await service.query(`{ session(id: 1) { ...f0 } } ${doubling.join(" ")}`);
    expect(errors?.[0]?.extensions.code).toBe("QUERY_TOO_COMPLEX");
  });

  it("weighs the agent versions of statistics again once it knows how many they are", async () => {
    const query = (selected: string) =>
      `{ sessionStats(groupBy: [{ field: AGENT_VERSION }]) { groups { value agentVersion { ${selected} } } } }`;
    const payload = await sample("started");
    const store = async (count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, async () => {
          const agentVersion = { ...payload.data.agent_version, id: randomUUID() };
          const data = { ...payload.data, id: randomUUID(), agent_version: agentVersion };
          return (await service.post({ ...payload, request_id: randomUUID(), data })).status;
        }),
      );
      expect(new Set(answers)).toEqual(new Set([200]));
    };
    await store(50);
    await store(50);
    interface Named {
      readonly sessionStats: readonly {
        readonly groups: readonly [
          { readonly value: string; readonly agentVersion: { readonly id: string } },
        ];
      }[];
    }
    const dear = query("id sessions(first: 20) { nodes { id } }");
    const { data, errors } = await service.query<Named>(dear);
    expect(errors).toBeUndefined();
    expect(data.sessionStats).toHaveLength(100);
    for (const { groups } of data.sessionStats) expect(groups[0].agentVersion.id).toBe(groups[0].value);
    await store(50);
    await store(50);
    await store(50);
    // 250 versions of 1 + 1 + 20 are more than 5,000.
    expect((await service.query(dear)).errors).toEqual([
      expect.objectContaining({
        message: expect.stringContaining("at most 227 agents and versions"),
        path: ["sessionStats"],
        extensions: expect.objectContaining({ code: "QUERY_TOO_COMPLEX" }),
      }),
    ]);
    const once =
      "sessionStats(groupBy: [{ field: AGENT_VERSION }]) { groups { agentVersion { revisions { name } questions { name } } } }";
    expect((await service.query(`{ ${once} }`)).errors).toBeUndefined();
    // All of an operation share what it may cost: 250 of 11, twice, are more than 5,000.
    const { errors: shared } = await service.query(`{ a: ${once} b: ${once} }`);
    expect(shared).toMatchObject([
      { path: [expect.stringMatching(/^[ab]$/)], extensions: { code: "QUERY_TOO_COMPLEX" } },
    ]);
    const throughFragment = "fragment f on AgentVersion { sessions(first: $n) { nodes { id } } }";
    const withVariable = `query ($n: Int!) ${query("...f")} ${throughFragment}`;
    expect((await service.query(withVariable, { n: 19 })).errors?.[0]?.message).toContain("at most 238");
    expect((await service.query(withVariable, { n: 17 })).errors).toBeUndefined();
    expect((await service.query(query("id"))).errors).toBeUndefined();
  });

  it("takes no longer for fragments that spread another twice, and so on, than for their text", async () => {
    const doubling = (type: string, leaf: string) =>
      [
        ...Array.from({ length: 40 }, (_, n) => `fragment F${n} on ${type} { ...F${n + 1} ...F${n + 1} }`),
        `fragment F40 on ${type} { ${leaf} }`,
      ].join("\n");
    const list = `{ sessions(first: 1) { nodes { ...F0 } } } ${doubling("Session", "id")}`;
    const node = `{ node(id: "x") { ...F0 } } ${doubling("Node", "id")}`;
    // Compiled, where that has an end, from the second time on.
    for (let time = 0; time < 3; time += 1) {
      expect((await service.query(list)).data).toMatchObject({ sessions: { nodes: [{}] } });
      expect((await service.query(node)).data).toEqual({ node: null });
    }
    const none = `subscription { ...F0 } ${doubling("Subscription", "sessionEvents @skip(if: true) { cursor }")}`;
    expect(await overSocket(none)).toMatchObject([{ extensions: { code: expect.any(String) } }]);
  });

  it("reports the cost on WebSocket too", async () => {
    expect(await overSocket("{ sessions(first: 3) { nodes { id } } }")).toMatchObject({
      extensions: { cost: 4 },
    });
  });

  it("refuses a batch of operations and a page larger than 200", async () => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify([{ query: "{ __typename }" }, { query: "{ __typename }" }]),
    });
    expect(response.status).toBe(400);
    const { data, extensions } = await service.query("{ sessions(first: 0) { nodes { id } } }");
    expect([data, extensions]).toEqual([{ sessions: { nodes: [] } }, { cost: 1 }]);
    for (const first of [-1, 201]) {
      const { errors } = await service.query(`{ sessions(first: ${first}) { nodes { id } } }`);
      expect(errors?.[0]).toMatchObject({
        message: "first: must be between 0 and 200.",
        extensions: { code: "BAD_USER_INPUT" },
      });
    }
  });
});
