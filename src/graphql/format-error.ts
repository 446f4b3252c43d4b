import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { ServiceError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { LimitMetrics } from "../metrics/limit.metrics.js";

/** Codes that Apollo Server gives to requests it refuses; their messages speak of the request, not of us. */
const safeCodes = new Set([
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
]);

export type FormatError = (error: unknown) => GraphQLFormattedError;

export interface FormatErrorParts {
  readonly logger: Logger;
  readonly limits: LimitMetrics;
  /** Whether names that were not asked for are not told. */
  readonly hidesSchema: boolean;
  /** The trace in which an error occurred, if it is known. */
  readonly traceIdOf?: ((error: unknown) => string | undefined) | undefined;
}

/**
 * Makes what a client sees of an error, on all transports alike: a stable code, and a message only where it
 * is about the request. What went wrong inside (SQL above all) is logged and not told.
 */
export function errorFormatter(parts: FormatErrorParts): FormatError {
  return (error) => {
    const formatted = formatError(error, parts);
    const traceId = parts.traceIdOf?.(error);
    return traceId === undefined
      ? formatted
      : { ...formatted, extensions: { ...formatted.extensions, traceId } };
  };
}

function formatError(
  error: unknown,
  { logger, limits, hidesSchema }: FormatErrorParts,
): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const place = error instanceof GraphQLError ? placeOf(error) : {};
  const say = (text: string) => (hidesSchema ? withoutSuggestions(text) : text);
  if (original instanceof ServiceError) {
    limits.answeredWith(original);
    // The operation's own line has the codes; this tells what is behind a fault of ours.
    if (original.logLevel !== "info" && original.logLevel !== "debug")
      logger[original.logLevel]({ err: original.cause, code: original.code }, "a GraphQL request failed");
    const { code, fields, retryAfterSeconds } = original;
    const cost = error instanceof GraphQLError ? error.extensions.cost : undefined;
    const extensions = {
      code,
      ...(typeof cost === "number" && { cost }),
      ...(fields.length > 0 && { fields: fields.map(({ field, rule }) => ({ field, rule: say(rule) })) }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
    return { message: say(original.message), ...place, extensions };
  }
  if (original instanceof GraphQLError) {
    const code = codeOf(error) ?? original.extensions.code ?? codeOfUncoded(original);
    if (typeof code === "string" && safeCodes.has(code))
      return {
        message: say(original.message),
        ...place,
        extensions: { code },
      };
  }
  logger.error({ err: original }, "a GraphQL request failed");
  return {
    message: "Something went wrong on our side.",
    ...place,
    extensions: { code: "INTERNAL_SERVER_ERROR" },
  };
}

/** Apollo wraps graphql's errors to give them codes. */
function codeOf(error: unknown): unknown {
  return error instanceof GraphQLError ? error.extensions.code : undefined;
}

function codeOfUncoded({ message, extensions }: GraphQLError): string {
  if (message.startsWith("Syntax Error")) return "GRAPHQL_PARSE_FAILED";
  // Apollo says so of persisted queries that contradict themselves.
  const { status } = (extensions.http ?? {}) as { readonly status?: unknown };
  return status === 400 ? "BAD_REQUEST" : "GRAPHQL_VALIDATION_FAILED";
}

/** graphql-js helps who mistypes a name, and so also who looks for names. */
function withoutSuggestions(message: string): string {
  return message.replace(/ ?Did you mean .*$/s, "");
}

function placeOf({ path, locations }: GraphQLError) {
  return { ...(locations && { locations }), ...(path && { path }) };
}

/** Our own errors are not GraphQL's: clients and plugins want graphql's. */
export function asGraphQLError(error: Error): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError(error.message, { originalError: error });
}
