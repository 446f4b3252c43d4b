import { parse } from "graphql";
import { expect, it } from "vitest";
import { KnownWeights } from "../../src/graphql/admission/known-weights.js";
import { weigh } from "../../src/graphql/admission/limits.js";
import { createSchema, type SchemaParts } from "../../src/graphql/schema.js";

const schema = await createSchema({} as SchemaParts);

/** Texts whose weight depends on variables in every way there is, and values for these. */
const texts: readonly (readonly [string, readonly unknown[]])[] = [
  [
    "query ($x: Int) { sessions(first: $x) { nodes { id messages(last: $x) { nodes { id } } } } }",
    [undefined, null, 0, 1, 7, 200, "7", -1, 1.5, true],
  ],
  ["query ($x: Int = 3) { sessions(first: $x) { nodes { id } } }", [undefined, null, 3, 9]],
  ["query ($x: Int, $y: Int = 4) { sessions(first: $x, last: $y) { nodes { id } } }", [undefined, null, 8]],
  [
    "query ($x: String) { sessions(filter: { search: $x }) { nodes { id } } }",
    [undefined, null, "", "undefined"],
  ],
  [
    "query ($x: SessionFilter) { sessions(filter: $x) { totalCount } }",
    [undefined, null, {}, { search: "a" }, { and: [{ answers: [{ name: "b" }] }] }],
  ],
  [
    "query ($x: [AnalysisAnswerFilter!]) { sessions(filter: { answers: $x }) { totalCount } }",
    [undefined, null, [], [{ name: "a" }], [{ name: "a" }, { name: "b" }], { name: "a" }],
  ],
  [
    'query ($x: SessionMessagesFilter = { some: { id: { eq: "a" } } }) { sessions(filter: { messages: $x }) { totalCount } }',
    [undefined, null, {}, { some: { id: { eq: "b" } }, none: { id: { in: ["b", "c"] } } }],
  ],
  ["query ($x: [ID!]!) { nodes(ids: $x) { id } }", [undefined, [], ["a"], ["a", "b"], "a"]],
  [
    "query ($x: [SessionOrder!]) { sessions(orderBy: $x) { nodes { id } } }",
    [undefined, null, [], [{}], "a"],
  ],
  [
    "query ($x: Int) { ...f } fragment f on Query { sessions(first: $x) { nodes { ...g } } } " +
      "fragment g on Session { messages(first: $x) { nodes { id } } }",
    [undefined, 2, 5],
  ],
  ["query ($x: ID!) { session(id: $x) { id } }", [undefined, "a", "b"]],
];

it.each(texts)("weighs again what makes a difference: %s", (text, values) => {
  const document = parse(text);
  const weights = new KnownWeights(schema);
  for (let time = 1; time <= 2; time += 1)
    for (const x of values) {
      const operation = { document, variables: x === undefined ? {} : { x } };
      expect(weights.of(operation)).toEqual(weigh(schema, operation));
    }
});

it("weighs each operation of a document", () => {
  const document = parse("query a { __typename } query b { sessions { nodes { id } } }");
  const weights = new KnownWeights(schema);
  for (const operationName of ["a", "b", "a", "b"]) {
    const operation = { document, operationName };
    expect(weights.of(operation)).toEqual(weigh(schema, operation));
  }
});
