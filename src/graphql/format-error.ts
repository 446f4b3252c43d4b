import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { ServiceError } from "../errors.js";
import type { Logger } from "../logger.js";

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

/**
 * What a client sees of an error, on HTTP and WebSocket alike: a stable code, and a message only where it is about the request. What
 * went wrong inside (SQL above all) is logged and not told.
 */
export function formatError(error: unknown, logger: Logger): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const place = error instanceof GraphQLError ? placeOf(error) : {};
  if (original instanceof ServiceError) {
    logger[original.logLevel]({ err: original.cause, code: original.code }, "a GraphQL request failed");
    const fields = original.fields.length > 0 ? { fields: original.fields } : {};
    return { message: original.message, ...place, extensions: { code: original.code, ...fields } };
  }
  if (original instanceof GraphQLError) {
    const code = original.extensions.code ?? "GRAPHQL_VALIDATION_FAILED";
    if (typeof code === "string" && safeCodes.has(code))
      return { message: original.message, ...place, extensions: { code } };
  }
  logger.error({ err: original }, "a GraphQL request failed");
  return {
    message: "Something went wrong on our side.",
    ...place,
    extensions: { code: "INTERNAL_SERVER_ERROR" },
  };
}

function placeOf({ path, locations }: GraphQLError) {
  return { ...(locations && { locations }), ...(path && { path }) };
}
