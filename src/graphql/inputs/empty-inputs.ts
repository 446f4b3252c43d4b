import {
  getNullableType,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { BadInputError } from "../../errors.js";

const askNothing = "leave it out if there is no condition";
const askAbsence = "ask for what has no value with null: true";

/** Every text contains an empty one, and begins with it. */
const searching: ReadonlySet<string> = new Set(["contains", "startsWith", "containsIgnoreCase"]);

/**
 * Makes every field refuse arguments that hold null or nothing somewhere within: a client that lacks a value
 * must not be answered as if it had asked for everything. A whole argument that is null, and a whole filter
 * that is empty, are as good as absent.
 */
export function refuseEmptyArguments(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const asking = field.args.filter(canAskForAll);
      if (asking.length === 0) continue;
      const { resolve, subscribe } = field;
      if (subscribe)
        field.subscribe = (source, given: Arguments, context, info): unknown =>
          subscribe(source, filled(asking, given), context, info);
      else if (resolve)
        field.resolve = (source, given: Arguments, context, info): unknown =>
          resolve(source, filled(asking, given), context, info);
    }
  }
}

/** Absent, it asks for everything. */
function canAskForAll({ type }: GraphQLArgument): boolean {
  return isInputObjectType(type) || isListType(type);
}

type Arguments = Readonly<Record<string, unknown>>;

/** @param given as graphql-js has coerced them */
function filled(asking: readonly GraphQLArgument[], given: Arguments): Arguments {
  for (const { name, type } of asking) {
    const value = given[name];
    // The same object comes again: see plan/lasting.ts.
    const isLasting = typeof value === "object" && value !== null && Object.isFrozen(value);
    if (isLasting && known.get(value) === type) continue;
    demandFilled(value, type, name);
    if (isLasting) known.set(value, type);
  }
  return given;
}

/** Objects that are filled, and what they were looked at as. */
const known = new WeakMap<object, GraphQLInputType>();

/**
 * @param value a whole argument, as graphql-js coerced it
 * @throws BadInputError naming the path of what is null or empty, and the rule
 */
export function demandFilled(value: unknown, type: GraphQLInputType, path: string): void {
  if (value === null || value === undefined) return;
  const bare = getNullableType(type);
  if (isInputObjectType(bare)) demandFields(value, bare, path);
  else if (isListType(bare)) demandItems(value as readonly unknown[], bare.ofType, path);
}

type InputObject = Extract<GraphQLInputType, { getFields: unknown }>;

function demandFields(value: object, type: InputObject, path: string): void {
  for (const [name, part] of Object.entries(value) as [string, unknown][]) {
    const field = type.getFields()[name];
    if (field !== undefined) demandPart(part, { type: field.type, path: `${path}.${name}`, within: type });
  }
}

function demandItems(values: readonly unknown[], type: GraphQLInputType, path: string): void {
  if (values.length === 0) refuse(path, `must not be empty: ${askNothing}`);
  for (const [index, value] of values.entries()) demandPart(value, { type, path: `${path}.${index}` });
}

interface Place {
  readonly type: GraphQLInputType;
  readonly path: string;
  /** The input object that it is a field of. */
  readonly within?: InputObject;
}

function demandPart(value: unknown, { type, path, within }: Place): void {
  const bare = getNullableType(type);
  const isOperand = within !== undefined && isComparator(within);
  const rule = isOperand
    ? askAbsence
    : isInputObjectType(bare) && isComparator(bare)
      ? `${askNothing}, or ${askAbsence}`
      : askNothing;
  if (value === null || value === undefined) refuse(path, `must not be null: ${rule}`);
  if (isOperand && value === "" && searching.has(path.slice(path.lastIndexOf(".") + 1)))
    refuse(path, "must not be empty");
  if (isInputObjectType(bare) && asksNothing(value, bare)) refuse(path, `must not be empty: ${rule}`);
  demandFilled(value, type, path);
}

/** Of a filter, what names its subject (an answer's name) asks nothing yet. */
function asksNothing(value: object, type: InputObject): boolean {
  const names = Object.keys(value);
  if (!type.name.endsWith("Filter")) return names.length === 0;
  return names.every((name) => isNonNullType(type.getFields()[name]?.type));
}

function isComparator(type: InputObject): boolean {
  return "null" in type.getFields();
}

function refuse(field: string, rule: string): never {
  throw new BadInputError(`${field}: ${rule}.`, [{ field, rule }]);
}
