import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
} from "graphql";
import { CursorScalar, DateTimeScalar } from "../../model/scalars.js";
import { quote } from "./json-text.js";

/**
 * Writes a value that is not null as JSON.
 * @throws Error where its type has no such value
 */
export type WriteLeaf = (value: unknown) => string;

const greatestInt = 2 ** 31 - 1;
const texts: readonly GraphQLLeafType[] = [GraphQLID, GraphQLString];
/** Whose texts we have made ourselves, of letters, digits and signs that JSON does not escape. */
const ownTexts: readonly GraphQLLeafType[] = [DateTimeScalar, CursorScalar];

/** How values of a type are written: what graphql-js serializes, as JSON.stringify writes it. */
export function leafWriter(type: GraphQLLeafType): WriteLeaf {
  const serialize: WriteLeaf = (value) => {
    const served: unknown = type.serialize(value);
    if (served === null || served === undefined)
      throw new Error(`${type.name} has no value for what was read.`);
    return JSON.stringify(served);
  };
  if (texts.includes(type)) return (value) => (typeof value === "string" ? quote(value) : serialize(value));
  if (ownTexts.includes(type))
    return (value) => (typeof value === "string" ? `"${value}"` : serialize(value));
  if (type === GraphQLInt)
    return (value) =>
      Number.isInteger(value) && Math.abs(value as number) <= greatestInt ? String(value) : serialize(value);
  if (type === GraphQLFloat) return (value) => (Number.isFinite(value) ? String(value) : serialize(value));
  if (type === GraphQLBoolean)
    return (value) => (typeof value === "boolean" ? String(value) : serialize(value));
  if (type instanceof GraphQLEnumType) {
    const names = new Map(type.getValues().map(({ name, value }) => [value as unknown, quote(name)]));
    return (value) => names.get(value) ?? serialize(value);
  }
  return serialize;
}
