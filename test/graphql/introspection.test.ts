import { readFile } from "node:fs/promises";
import { buildSchema, execute, getIntrospectionQuery, parse } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startService, type TestService } from "../support/service.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

it("says of the schema what graphql-js says of it", async () => {
  const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });
  const schema = buildSchema(await readFile("schema.graphql", "utf8"));
  const { data: expected } = await execute({ schema, document: parse(query) });
  const { data, errors } = await service.query(query);
  expect(errors).toBeUndefined();
  expect(sorted(data)).toEqual(sorted(expected));
});

it("says it of one type, and beside other fields", async () => {
  const query = `{ __typename __type(name: "Node") { name kind possibleTypes { name } } none: __type(name: "None") { name }
    session(id: "03d8d3f6-d983-41ae-85d6-ac1cf135a223") { __typename } }`;
  const { data } = await service.query(query);
  expect(data).toMatchObject({
    __typename: "Query",
    __type: { name: "Node", kind: "INTERFACE" },
    none: null,
    session: null,
  });
});

/** The order of types and of possible types is no part of a schema. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, sorted(part)]));
}
