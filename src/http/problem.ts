import type { ErrorRequestHandler, Response } from "express";
import { ServiceError, UnauthenticatedError } from "../errors.js";
import type { Logger } from "../logger.js";

/** Sends an error as `application/problem+json` (RFC 9457), with the fields and the rules they break. */
export function sendProblem(response: Response, error: ServiceError): void {
  setErrorHeaders(response, error);
  response
    .status(error.status)
    .type("application/problem+json")
    .send(
      JSON.stringify({
        type: "about:blank",
        title: error.code,
        status: error.status,
        detail: error.message,
        ...(error.fields.length > 0 && { errors: error.fields }),
      }),
    );
}

/** GraphQL's clients understand no other form of error, also where it happens before GraphQL is reached. */
function sendGraphqlError(response: Response, error: ServiceError): void {
  setErrorHeaders(response, error);
  const { status, message, code, fields, retryAfterSeconds } = error;
  const extensions = {
    code,
    ...(fields.length > 0 && { fields }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  response.status(status).json({ errors: [{ message, extensions }] });
}

/** What HTTP says of an error beside its body. */
function setErrorHeaders(response: Response, error: ServiceError): void {
  if (error.retryAfterSeconds !== undefined)
    response.setHeader("Retry-After", String(error.retryAfterSeconds));
  if (error instanceof UnauthenticatedError) response.setHeader("WWW-Authenticate", "Bearer");
}

/**
 * The last of Express's handlers. Its default one would print a malformed body to stderr, phone numbers and
 * all.
 * @param answeredWith is told of each error, and in which part of the service
 */
export function problemHandler(
  logger: Logger,
  answeredWith: (error: ServiceError, area: string) => void,
): ErrorRequestHandler {
  // Express knows such a handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    const known = toServiceError(error);
    const area = areaOf(request.path);
    logger[known.logLevel]({ err: error, status: known.status, area }, known.code);
    answeredWith(known, area);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (!request.complete) response.setHeader("Connection", "close");
    if (request.path.startsWith("/graphql")) sendGraphqlError(response, known);
    else sendProblem(response, known);
  };
}

const areas = new Set(["graphql", "webhooks", "export", "metrics", "readyz", "healthz"]);

/** Which part of the service was asked; the rest of a path is whatever a caller wrote into it. */
function areaOf(path: string): string {
  const [, first = ""] = path.split("/");
  return areas.has(first) ? first : "other";
}

/**
 * Errors of Express's body parsers carry a status and a type; anything else is our own fault and says
 * nothing.
 */
function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const {
    status,
    type,
    code: reason,
  } = (error ?? {}) as { status?: unknown; type?: unknown; code?: unknown };
  const known =
    bodyProblems[String(type)] ??
    (/^Z_|^ERR_.*(?:DECOMP|BROTLI)/.test(String(reason)) ? notInflatable : undefined);
  const [code, detail] = known ?? ["BAD_REQUEST", "The request is malformed."];
  if (typeof status === "number" && status >= 400 && status < 500) {
    const limit = code === "PAYLOAD_TOO_LARGE" ? "body_size" : undefined;
    return new ServiceError(detail, { status, code, logLevel: "info", limit });
  }
  return new ServiceError("Something went wrong on our side.", {
    status: 500,
    code: "INTERNAL_SERVER_ERROR",
    logLevel: "error",
  });
}

const notInflatable = ["BAD_REQUEST", "body: must be whole and encoded as Content-Encoding says."] as const;

const bodyProblems: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  "entity.too.large": ["PAYLOAD_TOO_LARGE", "body: must not be larger than the limit."],
  "encoding.unsupported": [
    "UNSUPPORTED_MEDIA_TYPE",
    "Content-Encoding: must be gzip, deflate, br or identity.",
  ],
  "charset.unsupported": ["UNSUPPORTED_MEDIA_TYPE", "Content-Type: its charset must be utf-8."],
  "entity.parse.failed": ["BAD_REQUEST", "body: must be JSON."],
  "request.aborted": ["BAD_REQUEST", "body: must be sent whole."],
  "request.size.invalid": ["BAD_REQUEST", "Content-Length: must be the length of the body."],
};
