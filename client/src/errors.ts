/** One place of the input that breaks a rule. */
export interface FieldError {
  /** Its path, such as `filter.and.1.startedAt`. */
  readonly field: string;
  readonly rule: string;
}

/** An error as the service writes it (docs/API.md lists the codes). */
export interface GraphqlErrorItem {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: {
    readonly code?: string;
    readonly retryAfterSeconds?: number;
    readonly fields?: readonly FieldError[];
  };
}

/** The service answered with errors. */
export class GraphqlError extends Error {
  override readonly name: string = "GraphqlError";
  /** The code of the first error, such as `BAD_USER_INPUT`. */
  readonly code: string;
  /** How long to wait before the same request may succeed, where the service says so. */
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param errors all of them, at least one
   * @param data what could be read all the same; a part that failed is null
   */
  constructor(
    readonly errors: readonly GraphqlErrorItem[],
    readonly data?: unknown,
    retryAfterSeconds?: number,
  ) {
    super(errors[0]?.message ?? "The service answered with an error.");
    this.code = errors[0]?.extensions?.code ?? "INTERNAL_SERVER_ERROR";
    this.retryAfterSeconds = errors[0]?.extensions?.retryAfterSeconds ?? retryAfterSeconds;
  }
}

/** The connection broke, or was never made. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";

  /** @param isPlanned whether the client itself ended it, to connect anew at once */
  constructor(
    message: string,
    readonly isPlanned = false,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Codes of errors after which the same request may succeed later. */
const passing = new Set(["SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"]);

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof ConnectionLostError || (error instanceof GraphqlError && passing.has(error.code));
}

/** Whether the feed does not go on from the cursor any more: query anew, and go on from there. */
export function isCursorExpired(error: unknown): boolean {
  return error instanceof GraphqlError && error.code === "CURSOR_EXPIRED";
}

/** Whether the key or token is not valid (any more). */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof GraphqlError && error.code === "UNAUTHENTICATED";
}
