import {
  getOperationAST,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  OperationTypeNode,
  parse,
  validate,
} from "graphql";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { sandboxDocument } from "../../src/graphql/sandbox/sandbox-document.js";
import { createSchema, type SchemaParts } from "../../src/graphql/schema.js";
import { makeKey } from "../support/callers.js";
import { createTestDatabase, sampleBytes, startService, type TestService } from "../support/service.js";

const document = parse(sandboxDocument);
const operations = document.definitions.flatMap((definition) =>
  definition.kind === Kind.OPERATION_DEFINITION && definition.name ? [definition.name.value] : [],
);

describe("Apollo Sandbox at /graphql", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
    for (const name of ["started", "ended", "analyzed"] as const) await service.post(await sampleBytes(name));
  });
  afterAll(async () => {
    await service.stop();
  });

  it("opens for a browser, with the subscription URL and a policy that lets its script run", async () => {
    const response = await fetch(`${service.url}/graphql`, { headers: { Accept: "text/html" } });
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(page).toContain("initialSubscriptionEndpoint");
    const nonce = /script-src 'nonce-([^']+)'/.exec(page)?.[1];
    expect(page).toContain(`<script nonce="${String(nonce)}">`);
    expect(response.headers.get("content-security-policy")).toBeNull();
  });

  it("does not open for a client that prefers an answer, or that says who it is", async () => {
    const database = await createTestDatabase();
    const { header } = await makeKey(database);
    const withKeys = await startService({}, database);
    const url = `${withKeys.url}/graphql?${new URLSearchParams({ query: "{ __typename }" }).toString()}`;
    const preflighted = { "Apollo-Require-Preflight": "true" };
    for (const type of ["application/graphql-response+json", "application/json"]) {
      const headers = { ...preflighted, Accept: `${type}, text/html;q=0.5` };
      expect((await fetch(url, { headers })).status).toBe(401);
      const answer = await fetch(url, { headers: { ...headers, ...header } });
      expect([answer.status, await answer.json()]).toMatchObject([200, { data: { __typename: "Query" } }]);
    }
    const headers = { Accept: "text/html", Authorization: "Bearer wrong" };
    expect((await fetch(url, { headers })).status).toBe(401);
    await withKeys.stop();
    await database.drop();
  });

  it("opens with a document that is valid as a whole", async () => {
    expect(validate(await createSchema({} as SchemaParts), document)).toEqual([]);
    expect(operations).toEqual(["Sessions", "OneSession", "Analysis", "Unhappy", "Analyzed"]);
  });

  it.each(
    operations.filter((name) => getOperationAST(document, name)?.operation === OperationTypeNode.QUERY),
  )("has an example %s that answers with data", async (operationName) => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: sandboxDocument, operationName }),
    });
    const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).toMatch(/"(?:id|body)":"/);
  });

  it("has an example subscription that hears of the next analysis", async () => {
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    const connected = new Promise((resolve) => client.on("message", resolve));
    const events = client.iterate({ query: sandboxDocument, operationName: "Analyzed" });
    const first = events.next();
    await connected;
    let told: unknown;
    void first.then((event) => (told = event));
    for (let attempt = 0; told === undefined && attempt < 50; attempt += 1) {
      const again = (await sampleBytes("analyzed"))
        .toString()
        .replace("inquired", `inquired ${"again ".repeat(attempt)}`);
      await service.post(again.replace("1c3aae2b", String(10_000_000 + attempt)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(told).toMatchObject({
      value: { data: { sessionAnalyzed: { session: { id: "03d8d3f6-d983-41ae-85d6-ac1cf135a223" } } } },
    });
    await client.dispose();
  });
});

describe("schema.graphql", () => {
  it("describes every type, field, argument and enum value", async () => {
    const schema = await createSchema({} as SchemaParts);
    const undescribed: string[] = [];
    const check = (name: string, description: string | null | undefined) => {
      if (!description) undescribed.push(name);
    };
    for (const type of Object.values(schema.getTypeMap())) {
      if (isSpecifiedScalarType(type) || isIntrospectionType(type)) continue;
      if (type !== schema.getQueryType() && type !== schema.getSubscriptionType())
        check(type.name, type.description);
      if (isEnumType(type))
        for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description);
      if (isInputObjectType(type)) {
        for (const field of Object.values(type.getFields()))
          check(`${type.name}.${field.name}`, field.description);
      }
      if (!isObjectType(type) && !isInterfaceType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        check(`${type.name}.${field.name}`, field.description);
        for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg.description);
      }
    }
    expect(undescribed).toEqual([]);
  });
});
