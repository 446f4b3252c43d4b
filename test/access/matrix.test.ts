import "reflect-metadata";
import {
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createSchema, type SchemaParts } from "../../src/graphql/schema.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import {
  eventOf,
  makeKey,
  organizationA,
  organizationB,
  rawSocket,
  startWithReaders,
} from "../support/callers.js";

/** Ids of organization B's session, agent version and message: all begin so. */
const markOfB = "b7";
const idsOfB = {
  session: "b7d8d3f6-d983-41ae-85d6-ac1cf135a223",
  version: "b704743f-6cbf-49c3-823b-d1d14bf36601",
  message: "b73ec41f-4a72-46cf-8fe6-9ae4600536fd",
  conversation: "b7e466d7-4aea-4e05-ada4-82f20d19e219",
};
/** Both organizations have an agent with this id. */
const sharedAgent = "ce52b7c6-dc4e-46cc-8c00-0f5d7ae657de";
const secretOfB = "belongs to organization B";

/**
 * Every root field, and how it is asked for. A field that is not here fails the test: whoever adds one says
 * here how a reader of another organization would try to get at B's data through it. `{...}` stands for
 * everything that can be selected below it.
 */
const entries: Readonly<Record<string, readonly string[]>> = {
  session: [`session(id: "${idsOfB.session}")`],
  agentVersion: [`agentVersion(id: "${idsOfB.version}")`],
  node: [...Object.values(idsOfB), "REVISION_B", "EXPECTATION_B"].map((id) => `node(id: "${id}")`),
  nodes: [`nodes(ids: ${JSON.stringify([...Object.values(idsOfB), "REVISION_B", "EXPECTATION_B"])})`],
  sessions: [
    "sessions(first: 5)",
    `sessions(first: 5, filter: { organizationId: { eq: "${organizationB}" } })`,
    `sessions(first: 5, filter: { id: { in: ["${idsOfB.session}"] } })`,
    `sessions(first: 5, filter: { or: [{ id: { eq: "${idsOfB.session}" } }, { not: { id: { null: true } } }] })`,
    `sessions(first: 5, filter: { messages: { some: { id: { eq: "${idsOfB.message}" } } } })`,
    `sessions(first: 5, filter: { agentVersion: { organizationId: { eq: "${organizationB}" } } })`,
    `sessions(first: 5, filter: { messages: { some: { organizationId: { eq: "${organizationB}" } } } })`,
    'sessions(first: 5, filter: { agentVersion: { revisionId: { eq: "REVISION_B" } } })',
    `sessions(first: 5, filter: { analysisHistory: { some: { chatSummary: { contains: "belongs" } } } })`,
    `sessions(first: 5, filter: { analysisHistory: { none: { id: { eq: "ANALYSIS_B" } } } })`,
    'sessions(first: 5, filter: { analysisHistory: { some: { or: [{ id: { eq: "ANALYSIS_B" } }, { revisionId: { eq: "REVISION_B" } }] } } })',
    `sessions(first: 5, filter: { search: "belongs" })`,
    "sessions(first: 5, after: CURSOR_sessions)",
    "sessions(last: 5, before: CURSOR_sessions)",
  ],
  messages: [
    "messages(first: 5)",
    `messages(first: 5, filter: { id: { eq: "${idsOfB.message}" } })`,
    `messages(first: 5, filter: { organizationId: { eq: "${organizationB}" } })`,
    `messages(first: 5, filter: { not: { organizationId: { eq: "${organizationA}" } } })`,
    `messages(first: 5, filter: { body: { contains: "belongs" } })`,
    "messages(first: 5, after: CURSOR_messages)",
    "messages(last: 5, before: CURSOR_messages)",
  ],
  agentVersions: [
    "agentVersions(first: 5)",
    `agentVersions(first: 5, filter: { organizationId: { eq: "${organizationB}" } })`,
    'agentVersions(first: 5, filter: { revisionId: { eq: "REVISION_B" } })',
    "agentVersions(first: 5, after: CURSOR_agentVersions)",
  ],
  agent: [`agent(id: "${sharedAgent}")`],
  agents: [
    "agents(first: 5)",
    `agents(first: 5, filter: { organizationId: { eq: "${organizationB}" } })`,
    `agents(first: 5, filter: { name: { contains: "belongs" } })`,
    `agents(first: 5, filter: { or: [{ id: { eq: "${sharedAgent}" } }, { not: { id: { null: true } } }] })`,
    "agents(first: 5, after: CURSOR_agents)",
    "agents(last: 5, before: CURSOR_agents)",
  ],
  conversation: [`conversation(id: "${idsOfB.conversation}")`],
  sessionStats: [
    "sessionStats(groupBy: [{ field: ORGANIZATION }, { field: AGENT_VERSION }])",
    `sessionStats(filter: { organizationId: { eq: "${organizationB}" } }, groupBy: [{ field: ORGANIZATION }])`,
    'sessionStats(groupBy: [{ field: ANSWER, question: "Secret" }])',
    // The two organizations share this agent.
    "sessionStats(groupBy: [{ field: AGENT }])",
  ],
  // It tells of the caller alone.
  viewer: ["viewer"],
  webhookEvent: [`webhookEvent(id: "${idsOfB.session}")`],
  webhookEvents: ["webhookEvents(first: 5)"],
  expectation: ['expectation(id: "EXPECTATION_B")'],
  expectations: [
    "expectations(first: 5)",
    `expectations(first: 5, filter: { organizationId: { eq: "${organizationB}" } })`,
    'expectations(first: 5, filter: { or: [{ id: { eq: "EXPECTATION_B" } }, { not: { id: { null: true } } }] })',
    "expectations(first: 5, after: CURSOR_expectations)",
    "expectations(last: 5, before: CURSOR_expectations)",
  ],
  sessionAnalyzed: ["sessionAnalyzed(after: CURSOR_feed)"],
  sessionEvents: [
    "sessionEvents(after: CURSOR_feed)",
    "sessionEvents(after: CURSOR_feed, types: [OVERDUE, ANALYZED])",
    `sessionEvents(after: CURSOR_feed, filter: { organizationId: { eq: "${organizationB}" } })`,
    `sessionEvents(after: CURSOR_feed, filter: { id: { eq: "${idsOfB.session}" } })`,
  ],
};

/** What is selected of a field's value: of each type that it may be, its fields. */
interface Selection {
  readonly type: GraphQLNamedType;
  readonly parts: Map<string, { readonly field: string; readonly below?: Selection }[]>;
}

/**
 * How often a field that leads on is selected: where it is met first, and once more where one gets to it
 * another way.
 */
const mostTimes = 2;

/**
 * Everything below a type, the nearest first, so that every field of every type that can be reached is
 * selected.
 */
function selectionOf(schema: GraphQLSchema, type: GraphQLNamedType): string {
  const whole: Selection = { type, parts: new Map() };
  const times = new Map<string, number>();
  const pending = [whole];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    for (const object of objectTypes(schema, next.type)) {
      const parts = Object.values(object.getFields()).flatMap((field) => {
        const named = getNamedType(field.type);
        if (objectTypes(schema, named).length === 0) return [{ field: field.name }];
        const edge = `${object.name}.${field.name}`;
        const time = (times.get(edge) ?? 0) + 1;
        if (time > mostTimes) return [];
        times.set(edge, time);
        const below: Selection = { type: named, parts: new Map() };
        pending.push(below);
        const first = field.args.some(({ name }) => name === "first") ? "(first: 2)" : "";
        return [{ field: `${field.name}${first}`, below }];
      });
      next.parts.set(object.name, parts);
    }
  }
  return textOf(whole);
}

function objectTypes(schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLObjectType[] {
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

function textOf({ parts }: Selection): string {
  if (parts.size === 0) return "";
  const types = Array.from(parts, ([type, fields]) => {
    const texts = fields.map(
      ({ field, below }) => `${type}_${field.replace(/\(.*/, "")}: ${field}${below ? textOf(below) : ""}`,
    );
    return `... on ${type} { __typename ${texts.join(" ")} }`;
  });
  return ` { ${types.join(" ")} }`;
}

const rootFields = (schema: GraphQLSchema): GraphQLField<unknown, unknown>[] => [
  ...Object.values(schema.getQueryType()?.getFields() ?? {}),
  ...Object.values(schema.getSubscriptionType()?.getFields() ?? {}),
];

const schema = await createSchema({} as SchemaParts);
const attempts = rootFields(schema).flatMap(({ name }) =>
  (entries[name] ?? []).map((call) => [name, call] as const),
);

describe("a reader of organization A", () => {
  let database: TestDatabase;
  let service: TestService;
  let reader: { Authorization: string };
  let readerOfB: { Authorization: string };
  let operator: { Authorization: string };
  const cursors = new Map<string, string>();
  let revisionOfB: string;
  let analysisOfB: string;
  let expectationOfB: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    reader = (await makeKey(database)).header;
    readerOfB = (await makeKey(database, { organization: organizationB })).header;
    operator = (await makeKey(database, { role: "operator" })).header;
    service = await startService(
      {
        GRAPHQL_MAX_COST: "1000000000",
        GRAPHQL_MAX_DEPTH: "1000",
        GRAPHQL_MAX_ALIASES: "10000",
        RATE_LIMIT_COST: "2000000000",
        EXPECT_ANALYSIS_SECONDS: "1",
      },
      database,
    );
    const head = await service.query<{ sessions: { eventCursor: string } }>(
      "{ sessions { eventCursor } }",
      {},
      operator,
    );
    cursors.set("feed", head.data.sessions.eventCursor);
    await service.post(await eventOf(organizationA, "a6"));
    const event = await eventOf(organizationB, markOfB);
    event.data.chat_summary = secretOfB;
    event.data.chat_transcript = secretOfB;
    event.data.custom_analysis_data = { Secret: secretOfB };
    for (const message of event.data.messages) message.body = secretOfB;
    event.data.agent_version.name = secretOfB;
    event.data.agent_version.description = secretOfB;
    await service.post(event);
    await service.post(await eventOf(organizationB, "b8", "ended"));
    const overdue = () =>
      service.query<{ expectations: { nodes: { id: string }[] } }>(
        "{ expectations { nodes { id } } }",
        {},
        readerOfB,
      );
    await vi.waitFor(
      async () => {
        expect((await overdue()).data.expectations.nodes).toHaveLength(1);
      },
      { timeout: 10_000 },
    );
    expectationOfB = (await overdue()).data.expectations.nodes[0]?.id ?? "";
    await service.post(await eventOf(organizationA, "c6"));
    for (const list of ["sessions", "messages", "agentVersions", "agents", "expectations"]) {
      const page = await service.query<Record<string, { edges: { cursor: string }[] }>>(
        `{ ${list}(first: 1) { edges { cursor } } }`,
        {},
        readerOfB,
      );
      cursors.set(list, page.data[list]?.edges[0]?.cursor ?? "");
    }
    const { data } = await service.query<{
      session: { analysisHistory: { id: string; revisionId: string }[] };
    }>(`{ session(id: "${idsOfB.session}") { analysisHistory { id revisionId } } }`, {}, readerOfB);
    ({ id: analysisOfB = "", revisionId: revisionOfB = "" } = data.session.analysisHistory[0] ?? {});
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const withCursors = (call: string) =>
    call
      .replace("REVISION_B", revisionOfB)
      .replace("ANALYSIS_B", analysisOfB)
      .replace("EXPECTATION_B", expectationOfB)
      .replace(/CURSOR_(\w+)/g, (_all, list: string) => JSON.stringify(cursors.get(list)));
  const namesB = (text: string) =>
    [secretOfB, organizationB, ...Object.values(idsOfB), revisionOfB].filter((trace) => text.includes(trace));

  const resultOf = async (field: string, call: string, header: { Authorization: string }) => {
    const operation = `${withCursors(call)}${selectionOf(schema, getNamedType(fieldNamed(field).type))}`;
    if (field in (schema.getQueryType()?.getFields() ?? {})) {
      return await service.query(`query { ${operation} }`, {}, header);
    }
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload: header });
    await expect.poll(() => socket.received[0]?.type).toBe("connection_ack");
    socket.send({ type: "subscribe", id: "1", payload: { query: `subscription { ${operation} }` } });
    // The last event of all is organization A's: whatever could be told of B has been told by then.
    await expect
      .poll(() => JSON.stringify(socket.received), { timeout: 3_000 })
      .toMatch(call.includes("filter") ? /./ : /c6d8d3f6|"error"/);
    if (call.includes("filter")) await new Promise((resolve) => setTimeout(resolve, 500));
    socket.socket.close();
    return { data: socket.received, errors: undefined };
  };
  const fieldNamed = (name: string) => {
    const field = rootFields(schema).find((each) => each.name === name);
    if (field === undefined) throw new Error(`There is no root field ${name}.`);
    return field;
  };

  it("is tried on every query and subscription that there is", () => {
    expect(
      rootFields(schema)
        .map(({ name }) => name)
        .filter((name) => !(name in entries)),
    ).toEqual([]);
  });

  it.each(attempts)("gets nothing of B through %s: %s", async (field, call) => {
    const result = await resultOf(field, call, reader);
    const isForOperators = field.startsWith("webhookEvent");
    if (isForOperators) expect(result.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    else expect(result.errors).toBeUndefined();
    // What was asked for is repeated in no answer but an echo of ids: none may be there.
    expect(namesB(JSON.stringify(result))).toEqual([]);
  });

  it("selects so much that B's own reader sees the secret in all texts", async () => {
    const result = await resultOf("sessions", "sessions(first: 5)", readerOfB);
    const text = JSON.stringify(result.data);
    expect(namesB(text)).toEqual([secretOfB, organizationB, ...Object.values(idsOfB), revisionOfB]);
    for (const path of ["chatSummary", "chatTranscript", "customAnalysisData", "body", "name", "stringValue"])
      expect(text).toMatch(
        new RegExp(`_${path}":("|\\{[^}]*)${path === "customAnalysisData" ? ".*" : ""}${secretOfB}`),
      );
  });

  it("counts and pages as if B were not there", async () => {
    const { data } = await service.query(
      "{ sessions { totalCount } messages { totalCount } agentVersions { totalCount } agents { totalCount } }",
      {},
      reader,
    );
    expect(data).toEqual({
      sessions: { totalCount: 2 },
      messages: { totalCount: 4 },
      agentVersions: { totalCount: 2 },
      agents: { totalCount: 1 },
    });
  });

  it.each(["ndjson", "csv"])("gets nothing of B in an export as %s", async (format) => {
    for (const header of [reader, { Authorization: "none" }]) {
      const response = await fetch(`${service.url}/export/sessions.${format}`, { headers: header });
      expect(namesB(await response.text())).toEqual([]);
    }
  });
});

/**
 * Filter fields that a masked reader may use, each with the reason. Whatever else is a text, must be refused.
 */
const open = new Set([
  ...["direction", "type", "mode", "deliveryStatus", "language", "translationLanguage", "endedReason"],
  ...["chatCompletionRating", "userSentiment"],
  // What is the agent's, not the contact's.
  ...["name", "description", "voiceId", "question"],
]);

describe("a masked reader", () => {
  const lists: Readonly<Record<string, (asked: string) => string>> = {
    SessionFilter: (asked) => `sessions(filter: { ${asked} })`,
    MessageFilter: (asked) => `messages(filter: { ${asked} })`,
    AgentVersionFilter: (asked) => `agentVersions(filter: { ${asked} })`,
    AgentFilter: (asked) => `agents(filter: { ${asked} })`,
    ExpectationFilter: (asked) => `expectations(filter: { ${asked} })`,
    AnalysisFilter: (asked) => `sessions(filter: { analysisHistory: { none: { ${asked} } } })`,
  };
  const asks = Object.keys(lists).flatMap((name) => {
    const type = schema.getType(name);
    if (!isInputObjectType(type)) throw new Error(`There is no ${name}.`);
    return Object.values(type.getFields())
      .filter((field) => isText(field.type) && !open.has(field.name))
      .map((field) => [name, field.name, getNamedType(field.type).name] as const);
  });
  let service: TestService;
  let masked: { Authorization: string };
  beforeAll(async () => {
    ({ service, masked } = await startWithReaders());
    await service.post(await eventOf(organizationA, "a6"));
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each(asks)("cannot ask %s.%s", async (filter, field, type) => {
    const value = type === "String" ? '"x"' : '{ contains: "x" }';
    const list = String(lists[filter]?.(`${field}: ${value}`));
    const { errors } = await service.query(`{ ${list} { totalCount } }`, {}, masked);
    expect(errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });

  it.each([
    'answers: [{ name: "x", string: { eq: "x" } }]',
    'answers: [{ name: "x", number: { gt: 3237452020 } }]',
    'messages: { some: { from: { startsWith: "+1" } } }',
    'messages: { none: { body: { contains: "x" } } }',
  ])("cannot ask sessions for %s", async (filter) => {
    const { errors } = await service.query(`{ sessions(filter: { ${filter} }) { totalCount } }`, {}, masked);
    expect(errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });

  it.each([
    "sessions { nodes { messages(filter: ASKED) { nodes { id } } } }",
    "sessions { nodes { messages(filter: ASKED) { totalCount } } }",
    "sessions { nodes { conversation { messages(filter: ASKED) { nodes { id } } } } }",
    "sessions { nodes { conversation { messages(filter: ASKED) { totalCount } } } }",
  ])("cannot ask the messages of a parent: %s", async (list) => {
    for (const [filter, code] of [
      ['{ not: { body: { contains: "x" } } }', "FORBIDDEN"],
      ['{ direction: { eq: "INBOUND" } }', undefined],
    ] as const) {
      const { errors } = await service.query(`{ ${list.replace("ASKED", filter)} }`, {}, masked);
      expect(errors?.[0]?.extensions.code).toBe(code);
    }
  });

  it("sorts by nothing that is withheld, and does not group by answers", async () => {
    const order = schema.getType("SessionOrderField");
    if (!isEnumType(order)) throw new Error("There is no SessionOrderField.");
    const names = order.getValues().map(({ name }) => name);
    expect(names.filter((name) => /SUMMARY|TRANSCRIPT|BODY|FROM|TO$|ANSWER|DATA/.test(name))).toEqual([]);
    const grouped = '{ sessionStats(groupBy: [{ field: ANSWER, question: "x" }]) { __typename } }';
    const { errors } = await service.query(grouped, {}, masked);
    expect(errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });
});

function isText(type: GraphQLInputType): boolean {
  if (isNonNullType(type) || isListType(type)) return isText(type.ofType);
  return ["String", "StringComparator"].includes(type.name);
}
