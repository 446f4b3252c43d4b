import type { Level } from "pino";

/**
 * One place of the input that breaks a rule: a path such as `data.messages.0.id` and the rule in plain words.
 * Never carries the value.
 */
export interface FieldError {
  readonly field: string;
  readonly rule: string;
}

/** The limits whose refusals are counted. */
export type LimitName =
  | "requests"
  | "cost"
  | "failures"
  | "connections"
  | "subscriptions"
  | "operation"
  | "validation"
  | "read_time"
  | "waiting_statements"
  | "waiting_answers"
  | "turn"
  | "deliveries"
  | "bodies"
  | "body_size";

export interface ServiceErrorOptions {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Stable, machine-readable; `extensions.code` in GraphQL. */
  readonly code: string;
  readonly logLevel: Level;
  readonly fields?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  /** The limit that is the reason for it. */
  readonly limit?: LimitName | undefined;
  readonly cause?: unknown;
}

/**
 * An error that the service expects: its message is safe to show to a caller, and it knows its status, code
 * and log level.
 */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly logLevel: Level;
  readonly fields: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;
  readonly limit: LimitName | undefined;

  constructor(message: string, options: ServiceErrorOptions) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.status = options.status;
    this.code = options.code;
    this.logLevel = options.logLevel;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.limit = options.limit;
  }
}

/** The caller's input breaks a rule; nothing was stored. */
export class BadInputError extends ServiceError {
  constructor(message: string, fields: readonly FieldError[] = []) {
    super(message, { status: 400, code: "BAD_USER_INPUT", logLevel: "info", fields });
  }
}

/**
 * A client asks for more than the limits allow: a GraphQL operation that was not executed, or a question that
 * was not answered in time.
 */
export class QueryTooComplexError extends ServiceError {
  constructor(message: string, limit: LimitName, cause?: unknown) {
    super(message, { status: 400, code: "QUERY_TOO_COMPLEX", logLevel: "info", limit, cause });
  }
}

/**
 * What was still to be read of an operation that is answered already, or whose client has left: nobody hears
 * of it.
 */
export class OperationOverError extends ServiceError {
  constructor() {
    super("The operation is over.", { status: 499, code: "OPERATION_OVER", logLevel: "debug" });
  }
}

/** The service serves listed operations only, and this is none of them. */
export class NotAllowedOperationError extends ServiceError {
  constructor() {
    super("This operation is not on the list of those that are served.", {
      status: 403,
      code: "FORBIDDEN",
      logLevel: "info",
    });
  }
}

/**
 * Nobody knows who asks: no key or token was given, or one that is not (or no longer) valid. Which of these
 * is not told.
 */
export class UnauthenticatedError extends ServiceError {
  constructor(message = "A valid API key or token is needed: Authorization: Bearer …") {
    super(message, { status: 401, code: "UNAUTHENTICATED", logLevel: "info" });
  }
}

/** The caller is known and may not do this. */
export class ForbiddenError extends ServiceError {
  constructor(message: string, fields: readonly FieldError[] = []) {
    super(message, { status: 403, code: "FORBIDDEN", logLevel: "info", fields });
  }
}

/** The caller asks for more than its share; the same request may succeed after `retryAfterSeconds`. */
export class RateLimitedError extends ServiceError {
  constructor(message: string, retryAfterSeconds: number, limit: LimitName) {
    super(message, { status: 429, code: "RATE_LIMITED", logLevel: "info", retryAfterSeconds, limit });
  }
}

/**
 * A subscription goes on from a place that the feed does not have any more: retention has removed it, or it
 * was lost with its history.
 */
export class CursorExpiredError extends ServiceError {
  constructor() {
    super(
      "The feed does not go on from there: the cursor is older than its retention, or a backup was restored. Query the sessions anew and subscribe from their eventCursor.",
      {
        status: 410,
        code: "CURSOR_EXPIRED",
        logLevel: "info",
      },
    );
  }
}

/** An authentic event of a known type whose data is not understood: it is kept as a dead letter. */
export class NotUnderstoodError extends ServiceError {
  constructor(
    fields: readonly FieldError[],
    options: { readonly cause?: unknown; readonly logLevel?: Level } = {},
  ) {
    super("The event's data is not understood.", {
      status: 202,
      code: "NOT_UNDERSTOOD",
      logLevel: "warn",
      fields,
      ...options,
    });
  }
}

/** The database (or another dependency) cannot serve now; the same request may succeed later. */
export class UnavailableError extends ServiceError {
  constructor(message: string, cause?: unknown, retryAfterSeconds = 5, limit?: LimitName) {
    super(message, {
      status: 503,
      code: "SERVICE_UNAVAILABLE",
      logLevel: "error",
      retryAfterSeconds,
      limit,
      cause,
    });
  }
}

/** The settings of the service contradict each other or are malformed; it does not start. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigurationError";
  }
}
