import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { KnownOperations } from "../../src/graphql/transports/known-operations.js";
import { startWithReaders } from "../support/callers.js";
import { sample, startService, type TestService } from "../support/service.js";

const valid =
  "query ofOne($id: ID!) { session(id: $id) { id status messages(first: 2) { nodes { body } } } }";
const several = "query one { __typename } query other { sessions(first: 1) { nodes { id } } }";
const conditional = "query ($yes: Boolean!) { __typename sessions @include(if: $yes) { nodes { id } } }";
const id = "00000000-0000-4000-8000-000000000000";

/** Bodies of POST /graphql that are right, or wrong in each way that is found after parsing. */
const bodies: readonly (readonly [string, unknown])[] = [
  ["a query", { query: valid, variables: { id } }],
  ["fragments", { query: "{ sessions { nodes { ...f } } } fragment f on Session { id agentId }" }],
  ["its own introspection", { query: "{ __schema { queryType { name } } }" }],
  ["a part that fails", { query: '{ __typename sessions(after: "none") { nodes { id } } }' }],
  ["a missing variable", { query: valid }],
  ["a wrong variable", { query: valid, variables: { id: { id } } }],
  ["further variables", { query: valid, variables: { id, other: 1 } }],
  ["variables that are a list", { query: valid, variables: [id] }],
  ["variables that are a text", { query: valid, variables: JSON.stringify({ id }) }],
  ["a condition that is null", { query: conditional, variables: { yes: null } }],
  ["a condition that holds", { query: conditional, variables: { yes: true } }],
  ["one of several operations", { query: several, operationName: "other" }],
  ["none of several operations", { query: several }],
  ["no name of several operations", { query: several, operationName: null }],
  ["an unknown operation", { query: several, operationName: "third" }],
  ["a name that is a number", { query: several, operationName: 1 }],
  ["an empty name", { query: valid, variables: { id }, operationName: "" }],
  ["extensions of Apollo Client", { query: valid, variables: { id }, extensions: { clientLibrary: {} } }],
  ["extensions that are a text", { query: valid, variables: { id }, extensions: "{}" }],
  ["a hash that is not the text's", persisted(valid)],
  ["a subscription", { query: "subscription { sessionAnalyzed { cursor } }" }],
  [
    "too great a cost",
    { query: "{ sessions(first: 200) { nodes { messages(first: 200) { totalCount } } } }" },
  ],
  ["a text that does not parse", { query: "{ sessions" }],
  ["a field that is not there", { query: "{ nothing }" }],
  ["several requests at once", [{ query: valid, variables: { id } }]],
  ["no query", {}],
];
const accepted: readonly (string | undefined)[] = [
  undefined,
  "*/*",
  "application/graphql-response+json, application/json;q=0.9",
  "text/html",
];

function persisted(query: string) {
  const persistedQuery = { version: 1, sha256Hash: "0".repeat(64) };
  return { query, variables: { id }, extensions: { persistedQuery } };
}

describe("an operation that is known", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ GRAPHQL_MAX_COST: "5000" });
    await service.post(await sample("analyzed"));
  });
  afterAll(async () => {
    await service.stop();
  });

  async function ask(path: string, body: unknown, accept: string | undefined) {
    const headers = { "Content-Type": "application/json", ...(accept !== undefined && { Accept: accept }) };
    const response = await fetch(service.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    const told = [...response.headers].filter(([name]) => name !== "date");
    return { status: response.status, headers: Object.fromEntries(told), body: await response.text() };
  }

  it.each(bodies)("is answered as Apollo answers it: %s", async (_name, body) => {
    for (const accept of accepted) {
      // An address with a query is left to Apollo.
      const expected = await ask("/graphql?", body, accept);
      for (let time = 1; time <= 4; time += 1) expect(await ask("/graphql", body, accept)).toEqual(expected);
    }
  });

  it("is answered without Apollo once it was asked for, whatever its variables are", async () => {
    const answers = vi.spyOn(KnownOperations.prototype, "answer");
    const query = "query thrice($id: ID!) { session(id: $id) { id } }";
    for (let time = 1; time <= 4; time += 1)
      await ask("/graphql", { query, variables: { id: `${time}` } }, undefined);
    const answered = await Promise.all(answers.mock.results.map(({ value }) => value as Promise<unknown>));
    expect(answered.map((answer) => answer !== undefined)).toEqual([false, false, false, true]);
    answers.mockRestore();
  });

  it("costs the same", async () => {
    const { service: limited, reader } = await startWithReaders();
    const query = "{ viewer { limits { cost { remaining } } } }";
    const left: number[] = [];
    for (let time = 1; time <= 6; time += 1) {
      const { data } = await limited.query<Viewer>(query, {}, reader);
      left.push(data.viewer.limits.cost.remaining);
    }
    await limited.stop();
    const [first = 0, second = 0] = left;
    expect(first - second).toBeGreaterThan(0);
    expect(left).toEqual(left.map((_, index) => first - index * (first - second)));
  });
});

interface Viewer {
  readonly viewer: { readonly limits: { readonly cost: { readonly remaining: number } } };
}
