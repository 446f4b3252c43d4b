import { readFileSync } from "node:fs";
import { buildSchema, type DocumentNode, Kind, parse, validate } from "graphql";
import { describe, expect, expectTypeOf, it } from "vitest";
import { textOf } from "../../client/src/document.js";
import * as client from "../../client/src/index.js";
import { codegenConfig, scalars } from "../../client/src/codegen.js";

const schema = buildSchema(readFileSync("schema.graphql", "utf8"));

describe("the client's ready operations", () => {
  const ready = Object.entries(client).filter(([name]) => /(?:Query|Subscription)$/.test(name));

  it("are valid", () => {
    expect(ready.length).toBeGreaterThan(2);
    const errors = ready.flatMap(([, document]) => validate(schema, parse(textOf(document as never))));
    expect(errors).toEqual([]);
  });

  it("give their types to what asks", () => {
    const asks = client.createClient({ url: "http://127.0.0.1/graphql", transport: "event-stream" });
    const query = () => asks.query(client.sessionsQuery, { first: 1 });
    expectTypeOf(query).returns.resolves.toEqualTypeOf<client.SessionsPage>();
    // @ts-expect-error a variable of another type
    expectTypeOf(() => asks.query(client.sessionsQuery, { first: "1" })).toBeFunction();
  });
});

describe("documents of one's own", () => {
  it("are sent as written, whether texts, text objects or parsed ones", () => {
    const text = "query One {\n  viewer {\n    role\n  }\n}";
    const parsed: DocumentNode = parse(text, { noLocation: true });
    const object = Object.assign(new String(text), {}) as unknown as client.TypedDocument<unknown, never>;
    for (const document of [client.typed(text), object, parsed, parse(text)]) {
      expect(textOf(document)).toBe(text);
    }
  });

  it("have a type for each scalar of the schema", () => {
    const own = Object.values(schema.getTypeMap()).filter(
      ({ astNode }) => astNode?.kind === Kind.SCALAR_TYPE_DEFINITION,
    );
    expect(own.map(({ name }) => name).filter((name) => !(name in scalars))).toEqual([]);
    expect(
      codegenConfig("schema.graphql", "src/**/*.ts", "src/gql/").generates["src/gql/"]?.config.scalars,
    ).toBe(scalars);
  });
});
