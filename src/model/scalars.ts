import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from "graphql";
import { parseInstant } from "./instant.js";

/** Instants are served as the text that was received (in UTC), so serializing is handing on. */
export const DateTimeScalar = new GraphQLScalarType<string, string>({
  name: "DateTime",
  description:
    "An instant in UTC, as ISO 8601 has it, such as 2025-08-19T06:40:57.416929Z. It has as many " +
    "decimals as were received, at most six.",
  specifiedByURL: "https://scalars.graphql.org/andimarek/date-time",
  serialize: (value) => value as string,
  parseValue: (value) => readInstant(value),
  parseLiteral: (node) => readInstant(textOf(node, "DateTime"), node),
});

function readInstant(value: unknown, node?: ValueNode): string {
  const instant = typeof value === "string" ? parseInstant(value) : undefined;
  if (instant === undefined)
    throw badInput("DateTime must be an ISO 8601 instant between the years 1000 and 9999.", node);
  return instant;
}

export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: "JSON",
  description:
    'Any JSON value, as JavaScript reads and writes it. Keys keep their order, but keys that look like integers ("10") come first, in ascending order. Numbers are doubles: integers beyond 2^53 are rounded, and 1.50 becomes 1.5. Within a value, null, {} and absent stay different.',
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc8259",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

export const CursorScalar = new GraphQLScalarType<string, string>({
  name: "Cursor",
  description:
    "A position in the feed of events. Opaque: do not read meaning into it. Keep the last one " +
    "received, and pass it as `after` to miss nothing.",
  serialize: (value) => value as string,
  parseValue: (value) => {
    if (typeof value !== "string") throw badInput("Cursor must be a text that this service has handed out.");
    return value;
  },
  parseLiteral: (node) => textOf(node, "Cursor"),
});

function textOf(node: ValueNode, scalar: string): string {
  if (node.kind !== Kind.STRING) throw badInput(`${scalar} must be a text.`, node);
  return node.value;
}

function badInput(message: string, node?: ValueNode): GraphQLError {
  return new GraphQLError(message, { nodes: node ?? null, extensions: { code: "BAD_USER_INPUT" } });
}
