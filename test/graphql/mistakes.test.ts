import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { rawSocket } from "../support/callers.js";
import { startService, type TestService } from "../support/service.js";

interface Mistake {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly fields?: unknown };
}

interface Request {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
}

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

async function overHttp(request: Request) {
  const response = await fetch(`${service.url}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  const { errors } = (await response.json()) as { errors?: Mistake[] };
  return { status: response.status, errors };
}

async function overStream(request: Request) {
  const response = await fetch(`${service.url}/graphql/stream`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(5_000),
  });
  const data = /^data: (\{.*)$/m.exec(await response.text())?.[1] ?? "{}";
  return JSON.parse(data) as { errors?: Mistake[]; extensions?: unknown };
}

/** The errors of a request over WebSocket, as an answer or instead of one. */
async function overSocket(request: Request): Promise<Mistake[] | undefined> {
  const client = createClient({
    url: `${service.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  try {
    const answer = client.iterate(request).next();
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => {
        reject(new Error("No answer came."));
      }, 5_000).unref();
    });
    const { value } = (await Promise.race([answer, late])) as { value?: { errors?: Mistake[] } };
    return value?.errors;
  } catch (errors) {
    return errors as Mistake[];
  } finally {
    await client.dispose();
  }
}

describe("a text that is nested without end", () => {
  it.each([
    ["lists", `{ sessions(filter: { and: ${"[".repeat(2_400)}${"]".repeat(2_400)} }) { nodes { id } } }`],
    ["fields", `${"{a".repeat(2_000)}${"}".repeat(2_000)}`],
    [
      "fields after a quote in a string",
      `{ session(id: """\\""" x """) ${"{ a".repeat(2_000)}${"}".repeat(2_000)} }`,
    ],
  ])("is refused before it is parsed: %s", async (_, query) => {
    const rule = "must not be nested deeper than 1000 levels";
    const expected = [
      {
        message: `query: ${rule}.`,
        extensions: { code: "BAD_USER_INPUT", fields: [{ field: "query", rule }] },
      },
    ];
    const { status, errors } = await overHttp({ query });
    expect([status, errors]).toMatchObject([400, expected]);
    expect(await overSocket({ query })).toMatchObject(expected);
    expect((await overStream({ query })).errors).toMatchObject(expected);
  });

  it("is not one whose strings and comments hold brackets", async () => {
    const brackets = "{[(".repeat(400);
    const query = `# ${brackets}
      { sessions(filter: { search: """ x " \\""" ${brackets}""", language: { in: ["\\"${brackets}"] } }) { nodes { id } } }`;
    expect((await overHttp({ query })).errors).toBeUndefined();
    const open = `{ sessions(filter: { language: { eq: "${'\\"'.repeat(20_000)}`;
    expect((await overHttp({ query: open })).errors?.[0]?.extensions.code).toBe("GRAPHQL_PARSE_FAILED");
  });
});

it("a mutation is the client's mistake, on every transport", async () => {
  const query = "mutation { eraseEverything }";
  const expected = [
    { message: "The schema has no mutation.", extensions: { code: "GRAPHQL_VALIDATION_FAILED" } },
  ];
  const { status, errors } = await overHttp({ query });
  expect([status, errors]).toMatchObject([400, expected]);
  expect(await overSocket({ query })).toMatchObject(expected);
  expect((await overStream({ query })).errors).toMatchObject(expected);
});

it.each([
  "subscription { sessionEvents @skip(if: true) { cursor } }",
  "subscription { ... @include(if: true) { ...F } } fragment F on Subscription { sessionEvents @include(if: false) { cursor } }",
])("a subscription of nothing is refused: %s", async (query) => {
  const expected = [{ extensions: { code: "BAD_USER_INPUT" } }];
  expect(await overSocket({ query })).toMatchObject(expected);
  expect((await overStream({ query })).errors).toMatchObject(expected);
});

describe("a mistake in variables", () => {
  const query = "query ($f: SessionFilter, $n: Int) { sessions(filter: $f, first: $n) { nodes { id } } }";
  const subscription = "subscription ($f: SessionFilter) { sessionAnalyzed(filter: $f) { cursor } }";

  it.each([
    [
      { f: { and: [{}, { endedAt: { lt: "secret" } }] } },
      "f.and.1.endedAt.lt",
      "DateTime must be an ISO 8601 instant between the years 1000 and 9999.",
    ],
    [{ f: { language: { eq: 123454321 } } }, "f.language.eq", "String cannot represent a non string value."],
    [
      { f: { answers: [{ name: null }] } },
      "f.answers.0.name",
      'Expected non-nullable type "String!" not to be null.',
    ],
    [{ f: { status: { eq: "secret" } } }, "f.status.eq", 'The value does not exist in "SessionStatus" enum.'],
    [
      { f: { messageCount: { gt: "secret" } } },
      "f.messageCount.gt",
      "Int cannot represent non-integer value.",
    ],
    [{ f: "secret" }, "f", 'Expected type "SessionFilter" to be an object.'],
  ])("names the variable, the place and the rule, and not the value: %j", async (variables, field, rule) => {
    const expected = [
      {
        message: `Variable "$f" at "${field}": ${rule}`,
        extensions: { code: "BAD_USER_INPUT", fields: [{ field, rule }] },
      },
    ];
    const { status, errors } = await overHttp({ query, variables });
    expect(status).toBe(400);
    expect(errors).toMatchObject(expected);
    expect(JSON.stringify(errors)).not.toMatch(/secret|123454321/);
    for (const request of [
      { query, variables },
      { query: subscription, variables },
    ]) {
      expect(await overSocket(request)).toMatchObject(expected);
      expect((await overStream(request)).errors).toMatchObject(expected);
    }
  });

  it("tells of each, also of what was not given", async () => {
    const needed =
      "query ($id: ID!, $n: Int) { session(id: $id) { id } sessions(first: $n) { nodes { id } } }";
    const { errors } = await overHttp({ query: needed, variables: { n: "x" } });
    expect(errors?.map(({ extensions }) => extensions.fields)).toEqual([
      [{ field: "id", rule: 'Variable "$id" of required type "ID!" was not provided.' }],
      [{ field: "n", rule: "Int cannot represent non-integer value." }],
    ]);
  });

  it("tells of each in a subscription, on all transports", async () => {
    const needed =
      "subscription ($f: SessionFilter, $a: Cursor!) { sessionAnalyzed(filter: $f, after: $a) { cursor } }";
    const request = { query: needed, variables: { f: "x" } };
    const expected = ["f", "a"].map((field) => ({ extensions: { fields: [{ field }] } }));
    expect(await overSocket(request)).toMatchObject(expected);
    expect((await overStream(request)).errors).toMatchObject(expected);
  });

  it("tells of few where they are many", async () => {
    const many = Array.from({ length: 1_000 }, () => 1);
    const { errors } = await overHttp({ query, variables: { f: { language: { in: many } } } });
    expect(errors).toHaveLength(10);
  });

  it("may be their depth", async () => {
    const nested = (depth: number) => `${'{"not":'.repeat(depth)}{}${"}".repeat(depth)}`;
    const isTooDeep = '"fields":[{"field":"f","rule":"must not be nested deeper than 100 levels"}]';
    const isTooLong = '"fields":[{"field":"query","rule":"must, with its variables, not be longer than';
    for (const path of ["/graphql", "/graphql/stream"]) {
      for (const [text, depth, fields] of [
        [query, 20_000, isTooDeep],
        ...(path === "/graphql" ? [] : [[subscription, 1_000, isTooDeep] as const]),
        ...(path === "/graphql" ? [] : [[subscription, 20_000, isTooLong] as const]),
      ] as const) {
        const f = nested(depth);
        const response = await fetch(`${service.url}${path}`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: `{"query":${JSON.stringify(text)},"variables":{"f":${f}}}`,
        });
        const answer = await response.text();
        expect(answer).toContain('"code":"BAD_USER_INPUT"');
        expect(answer).toContain(fields);
      }
    }
  });

  it("may be a depth that no stack holds, which closes a socket with 4400", async () => {
    const { socket, received, closed } = await rawSocket(service);
    socket.send('{"type":"connection_init"}');
    await expect.poll(() => received[0]?.type).toBe("connection_ack");
    const f = `${'{"not":'.repeat(20_000)}{}${"}".repeat(20_000)}`;
    const payload = `{"query":${JSON.stringify(query)},"variables":{"f":${f}}}`;
    socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`);
    expect(await closed).toEqual({ code: 4400, reason: "payload: is nested too deep." });
  });
});

describe("a mistake in a literal", () => {
  it("is located", async () => {
    const { errors } = await overHttp({
      query: '{ sessions(filter: { endedAt: { lt: "x" } }) { totalCount } }',
    });
    expect(errors).toMatchObject([
      { extensions: { code: "GRAPHQL_VALIDATION_FAILED" }, locations: [{ line: 1, column: 37 }] },
    ]);
  });
});

describe("an operation that cannot be run", () => {
  it.each([
    ["of another name", { query: "{ __typename }", operationName: "x" }, '"x"'],
    ["that is one of several", { query: "query a { __typename } query b { __typename }" }, "operationName"],
  ])("because it is one %s is named on all transports", async (_what, request, named) => {
    const expected = [
      { message: expect.stringContaining(named), extensions: { code: "OPERATION_RESOLUTION_FAILURE" } },
    ];
    const { status, errors } = await overHttp(request);
    expect(status).toBe(400);
    expect(errors).toMatchObject(expected);
    expect(await overSocket(request)).toMatchObject(expected);
    expect((await overStream(request)).errors).toMatchObject(expected);
  });

  it("because it is a subscription in a request names where subscriptions are served", async () => {
    const { status, errors } = await overHttp({ query: "subscription { sessionAnalyzed { cursor } }" });
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_REQUEST" } }]);
    expect(errors?.[0]?.message).toMatch(/WebSocket.*\/graphql\/stream/);
  });
});

describe("a filter that no session could be asked by", () => {
  const subscription = "subscription ($f: SessionFilter) { sessionEvents(filter: $f) { cursor } }";
  const deep = (levels: number): object => (levels === 0 ? {} : { not: deep(levels - 1) });

  it.each([
    ["a search for no word", { search: "+" }, "filter.search"],
    ["12 levels", deep(12), "filter.not"],
    ["501 values", { language: { in: Array.from({ length: 501 }, String) } }, "filter.language.in"],
  ])("is refused before the first event: %s", async (_what, f, field) => {
    const request = { query: subscription, variables: { f } };
    for (const errors of [await overSocket(request), (await overStream(request)).errors]) {
      expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
      expect(errors?.[0]?.message).toContain(field);
    }
  });
});

describe("a mistake in arguments", () => {
  it("is a time zone that there is not, also where nothing asks for it", async () => {
    const { errors } = await overHttp({ query: '{ sessionStats(timeZone: "Nope/Zone") { count } }' });
    expect(errors).toMatchObject([
      { extensions: { code: "BAD_USER_INPUT", fields: [{ field: "timeZone" }] } },
    ]);
  });

  it("is first together with last", async () => {
    const { errors } = await overHttp({ query: "{ sessions(first: 1, last: 1) { totalCount } }" });
    const rule = "must not be given together";
    expect(errors).toMatchObject([
      {
        message: "first and last: must not be given together.",
        extensions: {
          code: "BAD_USER_INPUT",
          fields: [
            { field: "first", rule },
            { field: "last", rule },
          ],
        },
      },
    ]);
  });
});

describe("the cost", () => {
  const tooDear = `{ ${Array.from({ length: 9 }, (_, n) => `a${n}: sessions(first: 200) { nodes { messages(first: 200) { nodes { id } } } }`).join(" ")} }`;

  it("is told on an event stream", async () => {
    const request = { query: "{ sessions(first: 3) { nodes { id } } }" };
    expect(await overStream(request)).toEqual({ data: { sessions: { nodes: [] } }, extensions: { cost: 4 } });
  });

  it("is told of an operation that costs too much on all transports", async () => {
    const cost = 9 * (1 + 200 * (1 + 1 + 200));
    const request = { query: tooDear };
    const expected = { extensions: { code: "QUERY_TOO_COMPLEX", cost } };
    expect(await overSocket(request)).toMatchObject([expected]);
    expect(await overStream(request)).toMatchObject({ errors: [expected], extensions: { cost } });
    expect(await service.query(tooDear)).toMatchObject({ extensions: { cost } });
  });
});
