import {
  coerceInputValue,
  getVariableValues,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  typeFromAST,
  type VariableDefinitionNode,
} from "graphql";
import { BadInputError, type FieldError } from "../../errors.js";
import { misfit, variablesReader } from "./coercion.js";

/** Deeper than any filter may be, and far from where reading it would exhaust the stack. */
const greatestDepth = 100;
export const depthRule = `must not be nested deeper than ${greatestDepth} levels`;
const mostErrors = 10;

type Variables = Readonly<Record<string, unknown>>;

/**
 * Reads the variables of an operation. What is wrong with them is told without their values, which may be
 * personal.
 */
export function readVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  given: Variables,
): { readonly coerced: Record<string, unknown> } | { readonly errors: readonly GraphQLError[] } {
  const tooDeep = definitions.filter(({ variable }) => isTooDeep(given[variable.name.value]));
  if (tooDeep.length > 0) {
    return {
      errors: tooDeep.map((definition) =>
        mistake(definition, { field: nameOf(definition), rule: depthRule }),
      ),
    };
  }
  const coerced = readerFor(schema, definitions)(given);
  if (coerced !== misfit) return { coerced };
  const errors = definitions.flatMap((definition) => mistakesOf(schema, definition, given));
  return { errors: errors.slice(0, mostErrors) };
}

/** By the definitions of an operation, which live as long as its document. */
const readers = new WeakMap<
  readonly VariableDefinitionNode[],
  readonly [GraphQLSchema, ReturnType<typeof variablesReader>]
>();

function readerFor(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): ReturnType<typeof variablesReader> {
  const [knownFor, known] = readers.get(definitions) ?? [];
  if (known !== undefined && knownFor === schema) return known;
  const reader = variablesReader(schema, definitions);
  readers.set(definitions, [schema, reader]);
  return reader;
}

/**
 * graphql-js says in one sentence what it says of a value and the value itself; here it is asked again for
 * the parts.
 */
function mistakesOf(
  schema: GraphQLSchema,
  definition: VariableDefinitionNode,
  given: Variables,
): GraphQLError[] {
  const { errors } = getVariableValues(schema, [definition], given, { maxErrors: 1 });
  const [error] = errors ?? [];
  if (error === undefined) return [];
  const name = nameOf(definition);
  // The variable is missing or null: no value is told.
  if (error.originalError === undefined)
    return [mistake(definition, { field: name, rule: error.message }, error.message)];
  const mistakes: GraphQLError[] = [];
  const type = typeFromAST(schema, definition.type) as GraphQLInputType;
  coerceInputValue(given[name], type, (path, _value, { message }) => {
    if (mistakes.length < mostErrors)
      mistakes.push(mistake(definition, { field: [name, ...path].join("."), rule: withoutValue(message) }));
  });
  return mistakes;
}

function mistake(
  definition: VariableDefinitionNode,
  { field, rule }: FieldError,
  message = `Variable "$${nameOf(definition)}" at "${field}": ${rule}`,
): GraphQLError {
  const originalError = new BadInputError(message, [{ field, rule }]);
  return new GraphQLError(message, { nodes: definition, originalError });
}

function nameOf({ variable }: VariableDefinitionNode): string {
  return variable.name.value;
}

/** Where a rule of graphql-js's names the value it was given. */
function withoutValue(rule: string): string {
  return rule
    .replace(/ value: .*$/s, " value.")
    .replace(/^Value ".*" does not exist/s, "The value does not exist");
}

/** Reading it would exhaust the stack. */
export function isTooDeep(value: unknown, levels = greatestDepth): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isTooDeep(each, levels - 1));
}
