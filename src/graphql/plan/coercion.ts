import {
  type ArgumentNode,
  type FieldNode,
  getArgumentValues,
  getNamedType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  typeFromAST,
  valueFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
} from "graphql";
import { lasting, readOnce } from "./lasting.js";

/** Stands for what does not fit: graphql-js says why. */
export const misfit = Symbol("misfit");

type Values = Readonly<Record<string, unknown>>;

/**
 * What graphql-js's `getVariableValues` makes of the variables of an operation, worked out once for it. Its
 * own way asks the types of each value again each time.
 * @returns reads the variables that were given
 */
export function variablesReader(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): (given: Values) => Record<string, unknown> | typeof misfit {
  const readers = definitions.map(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node) as GraphQLInputType;
    const fallback = defaultValue && valueFromAST(defaultValue, type);
    const isDemanded = isNonNullType(type) && defaultValue === undefined;
    const coerce = isInputObjectType(getNamedType(type)) ? readOnce(coercionOf(type)) : coercionOf(type);
    return { name: variable.name.value, coerce, defaultValue, fallback, isDemanded };
  });
  return (given) => {
    const coerced: Record<string, unknown> = {};
    for (const { name, coerce, defaultValue, fallback, isDemanded } of readers) {
      if (!Object.hasOwn(given, name)) {
        if (isDemanded) return misfit;
        if (defaultValue !== undefined) coerced[name] = fallback;
        continue;
      }
      const value = coerce(given[name]);
      if (value === misfit) return misfit;
      coerced[name] = value;
    }
    return coerced;
  };
}

/**
 * What graphql-js's `getArgumentValues` makes of a field's arguments, worked out once for a field of an
 * operation.
 * @returns reads them, where variables that were coerced are given; it throws a GraphQLError where a value
 * does not fit
 */
export function argumentsReader(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): (variables: Values) => Record<string, unknown> {
  const given = new Map((node.arguments ?? []).map((argument) => [argument.name.value, argument]));
  const readers = definition.args.map((argument) => ({
    name: argument.name,
    read: argumentReader(argument, given.get(argument.name)),
  }));
  return (variables) => {
    const values: Record<string, unknown> = {};
    for (const { name, read } of readers) {
      const value = read(variables);
      if (value === misfit) return getArgumentValues(definition, node, variables);
      if (value !== undefined) values[name] = value;
    }
    return values;
  };
}

/** @returns undefined where it has no value */
function argumentReader(
  { type, defaultValue }: { readonly type: GraphQLInputType; readonly defaultValue?: unknown },
  given: ArgumentNode | undefined,
): (variables: Values) => unknown {
  const absent = defaultValue === undefined && isNonNullType(type) ? misfit : defaultValue;
  if (given === undefined) return () => absent;
  const { value: node } = given;
  if (node.kind === Kind.VARIABLE) {
    const name = node.name.value;
    return (variables) => {
      if (!Object.hasOwn(variables, name)) return absent;
      const value = variables[name] ?? null;
      return value === null && isNonNullType(type) ? misfit : value;
    };
  }
  const constant = holdsVariables(node) ? undefined : constantOf(node, type);
  return () => (constant === undefined ? misfit : constant);
}

function constantOf(node: ValueNode, type: GraphQLInputType): unknown {
  const value: unknown = valueFromAST(node, type);
  return typeof value === "object" && value !== null ? lasting(value) : value;
}

function holdsVariables(node: ValueNode): boolean {
  let found = false;
  visit(node, {
    Variable: () => {
      found = true;
    },
  });
  return found;
}

type Coerce = (value: unknown) => unknown;

const coercions = new WeakMap<GraphQLInputType, Coerce>();

/** What graphql-js's `coerceInputValue` makes of values of a type that come out of JSON. */
function coercionOf(type: GraphQLInputType): Coerce {
  const known = coercions.get(type);
  if (known !== undefined) return known;
  const isNonNull = isNonNullType(type);
  const bare = isNonNullType(type) ? type.ofType : type;
  let coerce: Coerce | undefined;
  const coercion: Coerce = (value) => {
    if (value === null || value === undefined) return isNonNull ? misfit : null;
    // Types refer to themselves.
    coerce ??= coercionOfPresent(bare);
    return coerce(value);
  };
  coercions.set(type, coercion);
  return coercion;
}

function coercionOfPresent(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) return coercionOf(type);
  if (isListType(type)) return listCoercion(coercionOf(type.ofType));
  if (isInputObjectType(type))
    return type.isOneOf ? () => misfit : objectCoercion(Object.values(type.getFields()));
  if (isEnumType(type)) {
    const values = new Map(type.getValues().map(({ name, value }) => [name as unknown, value as unknown]));
    return (value) => (values.has(value) ? values.get(value) : misfit);
  }
  return (value) => {
    try {
      const parsed = type.parseValue(value);
      return parsed === undefined ? misfit : parsed;
    } catch {
      return misfit;
    }
  };
}

function listCoercion(coerce: Coerce): Coerce {
  return (value) => {
    const items = (Array.isArray(value) ? value : [value]).map(coerce);
    return items.includes(misfit) ? misfit : items;
  };
}

function objectCoercion(definitions: readonly GraphQLInputField[]): Coerce {
  const fields = definitions.map(({ name, type, defaultValue }) => ({
    name,
    coerce: coercionOf(type),
    defaultValue,
    isDemanded: isNonNullType(type) && defaultValue === undefined,
  }));
  const names = new Set(fields.map(({ name }) => name));
  return (value) => {
    if (typeof value !== "object" || Array.isArray(value)) return misfit;
    for (const name in value) if (!names.has(name)) return misfit;
    const coerced: Record<string, unknown> = {};
    for (const { name, coerce, defaultValue, isDemanded } of fields) {
      const given = (value as Values)[name];
      if (given === undefined) {
        if (isDemanded) return misfit;
        if (defaultValue !== undefined) coerced[name] = defaultValue;
        continue;
      }
      const read = coerce(given);
      if (read === misfit) return misfit;
      coerced[name] = read;
    }
    return coerced;
  };
}
