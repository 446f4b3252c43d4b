import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { buildSchema, execute, type GraphQLSchema, parse } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeKey } from "../support/callers.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { storeVariedSessions } from "../support/varied-sessions.js";

/** How many operations are tried: SELECTION_RUNS. */
const wanted = Number(process.env.SELECTION_RUNS ?? 200);
const seed = Number(process.env.SELECTION_SEED ?? Date.now() % 1_000_000);

/** What may be selected of a type here: scalars, and fields whose value is of another one of these. */
interface Shape {
  readonly type: string;
  readonly scalars: readonly string[];
  readonly fields: Readonly<Record<string, Name>>;
}

type Name =
  | "Query"
  | "SessionConnection"
  | "SessionEdge"
  | "PageInfo"
  | "Session"
  | "AgentVersionConnection"
  | "AgentVersion"
  | "Agent"
  | "Conversation"
  | "OwnSessions"
  | "OwnSession"
  | "AgentVersionRevision"
  | "MessageConnection"
  | "Message"
  | "Analysis"
  | "AnalysisAnswer";

/** Lists always have the same arguments, so that any selections may be merged. */
const shapes: Readonly<Record<Name, Shape>> = {
  Query: {
    type: "Query",
    scalars: [],
    fields: {
      "a: sessions(first: 3)": "SessionConnection",
      "b: sessions(first: 3)": "SessionConnection",
      "c: agentVersions(first: 3)": "AgentVersionConnection",
      "d: agentVersions(first: 3)": "AgentVersionConnection",
    },
  },
  SessionConnection: {
    type: "SessionConnection",
    scalars: ["totalCount", "eventCursor"],
    fields: { nodes: "Session", edges: "SessionEdge", pageInfo: "PageInfo" },
  },
  SessionEdge: { type: "SessionEdge", scalars: ["cursor"], fields: { node: "Session" } },
  PageInfo: { type: "PageInfo", scalars: ["hasNextPage", "hasPreviousPage", "endCursor"], fields: {} },
  Session: {
    type: "Session",
    scalars: [
      "id",
      "status",
      "again: status",
      "startedAt",
      "chatSummary",
      "chatTranscript",
      "customAnalysisData",
      "messageCount",
    ],
    fields: {
      agent: "Agent",
      conversation: "Conversation",
      agentVersion: "AgentVersion",
      agentVersionRevision: "AgentVersionRevision",
      "messages(first: 2)": "MessageConnection",
      analysis: "Analysis",
      analysisHistory: "Analysis",
    },
  },
  AgentVersionConnection: {
    type: "AgentVersionConnection",
    scalars: ["totalCount"],
    fields: { nodes: "AgentVersion", pageInfo: "PageInfo" },
  },
  AgentVersion: {
    type: "AgentVersion",
    scalars: ["id", "name", "description", "providerSettings"],
    fields: { "sessions(first: 2)": "OwnSessions", revisions: "AgentVersionRevision" },
  },
  Agent: {
    type: "Agent",
    scalars: ["id", "name", "organizationId"],
    fields: { "sessions(first: 2)": "OwnSessions" },
  },
  Conversation: {
    type: "Conversation",
    scalars: ["id", "organizationId"],
    fields: { "messages(first: 2)": "MessageConnection", "sessions(first: 2)": "OwnSessions" },
  },
  OwnSessions: {
    type: "SessionConnection",
    scalars: ["totalCount", "eventCursor"],
    fields: { nodes: "OwnSession", pageInfo: "PageInfo" },
  },
  OwnSession: {
    type: "Session",
    scalars: ["id", "chatTranscript", "chatSummary"],
    fields: { "messages(first: 2)": "MessageConnection", analysisHistory: "Analysis" },
  },
  AgentVersionRevision: { type: "AgentVersionRevision", scalars: ["name", "description"], fields: {} },
  MessageConnection: {
    type: "MessageConnection",
    scalars: ["totalCount"],
    fields: { nodes: "Message", pageInfo: "PageInfo" },
  },
  Message: { type: "Message", scalars: ["id", "body", "direction", "createdAt"], fields: {} },
  Analysis: {
    type: "Analysis",
    scalars: ["id", "chatSummary", "userSentiment", "receivedAt"],
    fields: { answers: "AnalysisAnswer", agentVersionRevision: "AgentVersionRevision" },
  },
  AnalysisAnswer: { type: "AnalysisAnswer", scalars: ["name", "value", "answered"], fields: {} },
};

/** These have fragments, named by their number; one of a greater number may stand in one of a smaller. */
const fragments: readonly Name[] = [
  "Query",
  "SessionConnection",
  "Session",
  "AgentVersion",
  "AgentVersion",
  "OwnSessions",
  "OwnSession",
  "OwnSession",
  "MessageConnection",
  "Message",
];

const conditions = [
  "",
  "",
  "",
  "@include(if: $x)",
  "@skip(if: $x)",
  "@include(if: $y)",
  "@skip(if: $y)",
  "@skip(if: false)",
];
const condition = fc.constantFrom(...conditions);

/** @param from the least number of a fragment that may be spread */
function selections(name: Name, from: number, depth: number): fc.Arbitrary<string> {
  const { type, scalars, fields } = shapes[name];
  const spreadable = fragments.flatMap((of, number) => {
    const isOf = of === name || (shapes[of].type === type && of.startsWith("Own"));
    return number >= from && isOf ? [`...F${number}`] : [];
  });
  const leaves = ["__typename", ...scalars, ...spreadable];
  const leaf = fc.tuple(fc.constantFrom(...leaves), condition).map((parts) => parts.join(" "));
  if (depth === 0) return fc.array(leaf, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(" "));
  const nested = Object.entries(fields).map(([field, of]) =>
    fc.tuple(condition, selections(of, from, depth - 1)).map(([on, below]) => `${field} ${on} { ${below} }`),
  );
  const inline = fc
    .tuple(fc.constantFrom("", `on ${type}`), condition, selections(name, from, depth - 1))
    .map(([on, when, below]) => `... ${on} ${when} { ${below} }`);
  return fc
    .array(
      fc.oneof(
        { weight: 2, arbitrary: leaf },
        ...nested.map((arbitrary) => ({ weight: 2, arbitrary })),
        inline,
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((parts) => parts.join("\n"));
}

/** A document may hold neither a fragment nor a variable that it does not use, and few directives. */
const operation = fc
  .tuple(selections("Query", 0, 4), ...fragments.map((name, number) => selections(name, number + 1, 2)))
  .map(([root, ...bodies]) => {
    const used = new Map<string, string>();
    const define = (text: string) => {
      for (const [, number] of text.matchAll(/\.\.\.F(\d+)/g)) {
        const index = Number(number);
        const definition = `fragment F${index} on ${shapes[fragments[index] ?? "Query"].type} { ${bodies[index] ?? ""} }`;
        if (used.has(`F${index}`)) continue;
        used.set(`F${index}`, definition);
        define(definition);
      }
    };
    define(root);
    const variables = "x: __typename @include(if: $x) y: __typename @include(if: $y)";
    return [`query ($x: Boolean!, $y: Boolean!) { ${variables} ${root} }`, ...used.values()].join("\n");
  })
  .filter((text) => text.split("@").length <= 100);

/** Everything that may be selected. */
function all(name: Name): string {
  const { scalars, fields } = shapes[name];
  return [
    "__typename",
    ...scalars,
    ...Object.entries(fields).map(([field, of]) => `${field} { ${all(of)} }`),
  ].join(" ");
}

const callers = ["operator", "masked_reader"] as const;

let database: TestDatabase;
let service: TestService;
let schema: GraphQLSchema;
const headers: Record<string, { readonly Authorization: string }> = {};
beforeAll(async () => {
  database = await createTestDatabase();
  headers.operator = (await makeKey(database, { role: "operator" })).header;
  service = await startService(
    {
      GRAPHQL_MAX_ALIASES: "10000",
      GRAPHQL_MAX_COST: "1000000000",
      GRAPHQL_MAX_DEPTH: "100",
      RATE_LIMIT_REQUESTS: "1000000",
      RATE_LIMIT_COST: "1000000000",
    },
    database,
  );
  await storeVariedSessions(service, 8, 3);
  const { data } = await service.query<{ sessions: { nodes: [{ organizationId: string }] } }>(
    "{ sessions { nodes { organizationId } } }",
    {},
    headers.operator,
  );
  const [{ organizationId }] = data.sessions.nodes;
  headers.masked_reader = (
    await makeKey(database, { role: "masked_reader", organization: organizationId })
  ).header;
  schema = buildSchema(await readFile("schema.graphql", "utf8"));
});
afterAll(async () => {
  await service.stop();
  await database.drop();
});

it.each(callers)(
  "an operation of a caller (%s) answers what it selects, merged and left out as graphql-js does, each time",
  async (role) => {
    const { data: whole, errors } = await service.query(`{ ${all("Query")} }`, {}, headers[role]);
    expect(errors).toBeUndefined();
    const rootValue = { sessions: whole.a, agentVersions: whole.c };
    await fc.assert(
      fc.asyncProperty(operation, fc.infiniteStream(fc.boolean()), async (text, booleans) => {
        const document = parse(text);
        for (let time = 0; time < 3; time += 1) {
          const [x = false, y = false] = booleans.take(2);
          const variables = { x, y };
          const expected = await execute({ schema, document, rootValue, variableValues: variables });
          const answered = await service.query(text, variables, headers[role]);
          expect(answered.errors).toEqual(expected.errors);
          expect(answered.data).toEqual(JSON.parse(JSON.stringify(expected.data)));
        }
      }),
      { numRuns: wanted / callers.length, seed },
    );
  },
  20_000 + 500 * wanted,
);
