import fc from "fast-check";
import {
  getArgumentValues,
  getVariableValues,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  parse,
} from "graphql";
import { describe, expect, it } from "vitest";
import { argumentsReader, misfit, variablesReader } from "../../src/graphql/plan/coercion.js";
import { createSchema, type SchemaParts } from "../../src/graphql/schema.js";

const schema = await createSchema({} as SchemaParts);
const runs = { numRuns: 60 };
const named = Object.values(schema.getTypeMap()).filter((type) => isInputType(type));
/** Each input type as it is, demanded, as a list, and as a demanded list of what is demanded. */
const spellings = named.flatMap(({ name }) => [name, `${name}!`, `[${name}]`, `[${name}!]!`]);

const junk = fc.constantFrom<unknown>(null, "", "x", "2026-01-02T03:04:05Z", -1, 1.5, 2 ** 31, true, [], {}, [
  null,
]);
/** Texts that some scalar takes. */
const scalar = fc.oneof(junk, fc.constantFrom<unknown>("a", 0, 7, false, ["a", "b"], { a: 1 }));

/** Values that mostly fit. */
function valuesOf(type: GraphQLInputType, depth = 3): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return valuesOf(type.ofType, depth);
  if (depth === 0) return junk;
  if (isListType(type))
    return fc.oneof(
      { weight: 6, arbitrary: fc.array(valuesOf(type.ofType, depth), { maxLength: 3 }) },
      scalar,
    );
  if (isEnumType(type))
    return fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...type.getValues().map(({ name }) => name)) },
      junk,
    );
  if (!isInputObjectType(type)) return scalar;
  const fields = Object.values(type.getFields());
  const few = fc
    .subarray(fields, { maxLength: Math.min(3, fields.length) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(chosen.map(({ name, type: below }) => [name, valuesOf(below, depth - 1)])),
      ),
    );
  const strange = few.map((value) => ({ ...value, nothing: 1 }));
  return fc.oneof({ weight: 12, arbitrary: few }, strange, junk);
}

function operationOf(text: string): OperationDefinitionNode {
  const [operation] = parse(text, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("It is no operation.");
  return operation;
}

describe("reading what clients give", () => {
  it.each(spellings)("makes of variables what graphql-js makes of them: %s", (spelling) => {
    const { variableDefinitions = [] } = operationOf(`query ($value: ${spelling}) { __typename }`);
    const read = variablesReader(schema, variableDefinitions);
    const type = schema.getType(spelling.replace(/[[\]!]/g, ""));
    if (!isInputType(type)) throw new Error("There is no such type.");
    const values = spelling.startsWith("[")
      ? fc.oneof(fc.array(valuesOf(type), { maxLength: 3 }), valuesOf(type))
      : valuesOf(type);
    const given = fc.oneof({ weight: 9, arbitrary: fc.record({ value: values }) }, fc.constant({}));
    fc.assert(
      fc.property(given, (variables) => {
        const { coerced } = getVariableValues(schema, variableDefinitions, variables);
        const ours = read(variables);
        expect(ours).toEqual(coerced ?? misfit);
      }),
      runs,
    );
  });

  it("makes of arguments what graphql-js makes of them", () => {
    const { sessions } = schema.getQueryType()?.getFields() ?? {};
    if (sessions === undefined) throw new Error("There is no such field.");
    const texts = {
      first: ["3", "null", "$first", ""],
      after: ['"a"', "null", "$after", ""],
      filter: [
        "{}",
        "null",
        "$filter",
        '{ agentId: { eq: "a" } }',
        "{ agentId: $id }",
        "{ search: $after }",
        "",
      ],
      orderBy: ["[]", "{ field: STARTED_AT }", "[{ field: $field }]", "$orderBy", ""],
    };
    const given = fc.record(
      { first: fc.integer(), after: fc.string(), filter: fc.constant({}), id: fc.constant({ eq: "b" }) },
      { requiredKeys: [] },
    );
    const chosen = fc.record(
      Object.fromEntries(Object.entries(texts).map(([name, values]) => [name, fc.constantFrom(...values)])),
    );
    fc.assert(
      fc.property(chosen, given, (values, variables) => {
        const list = Object.entries(values).flatMap(([name, text]) =>
          text === "" ? [] : [`${name}: ${text}`],
        );
        const [node] = operationOf(`{ sessions${list.length > 0 ? `(${list.join()})` : ""} { __typename } }`)
          .selectionSet.selections;
        if (node?.kind !== Kind.FIELD) throw new Error("It is no field.");
        const outcome = (work: () => unknown) => {
          try {
            return work();
          } catch (error) {
            return String(error);
          }
        };
        const ours = outcome(() => argumentsReader(sessions, node)(variables));
        expect(ours).toEqual(outcome(() => getArgumentValues(sessions, node, variables)));
      }),
      { numRuns: 2_000 },
    );
  });
});
