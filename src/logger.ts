import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/**
 * The service's logger: JSON lines on stdout. Callers log ids and counts only, never bodies, phone numbers or
 * secrets; errors are reduced to their type, code and stack, because a database driver's message may quote
 * the values of a statement.
 */
export function createLogger(level: string): Logger {
  return pino({ level, base: undefined, serializers: { err: describeError } });
}

interface ErrorDescription {
  readonly type: string;
  readonly code: string | undefined;
  readonly at: readonly string[];
  readonly cause?: ErrorDescription;
}

/**
 * What of an error may be logged. The first line of a stack repeats the message, so only its frames are kept.
 */
function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, code: undefined, at: [] };
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    code: typeof code === "string" ? code : typeof errno === "number" ? String(errno) : undefined,
    at: frames.slice(0, 6).map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
