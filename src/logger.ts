import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/**
 * The service's logger: JSON lines on stdout. Callers log ids and counts only, never bodies, phone numbers or
 * secrets; errors are reduced to their type, code and stack, because a database driver's message may quote
 * the values of a statement.
 * @param mixin what each line has too
 */
export function createLogger(level: string, mixin?: () => object): Logger {
  return pino({ level, base: undefined, serializers: { err: describeError }, ...(mixin && { mixin }) });
}

/** The parts of the service whose log levels can be set: each line names its own. */
export const logParts = [
  "webhook",
  "graphql",
  "export",
  "access",
  "feed",
  "store",
  "http",
  "expectations",
  "alerts",
] as const;
export type LogPart = (typeof logParts)[number];

/** @returns a part's logger */
export type PartLoggers = (part: LogPart) => Logger;

/** @param levels of parts whose level is not the logger's own */
export function partLoggers(logger: Logger, levels: Readonly<Partial<Record<LogPart, string>>>): PartLoggers {
  return (part) => logger.child({ part }, { level: levels[part] ?? logger.level });
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
