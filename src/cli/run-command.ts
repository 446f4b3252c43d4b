import { ConfigurationError, ServiceError, UnavailableError } from "../errors.js";
import { errorCode, isDatabaseError } from "../store/database-errors.js";

/**
 * Does what a command is there for. Where that fails it says so in a sentence and ends with 1. Of an error
 * that is not the service's own it tells the code alone: a database driver's message quotes the statement,
 * with all its values.
 */
export async function runCommand(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(`error: ${explain(error)}`);
    process.exitCode = 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof UnavailableError && isDatabaseError(error.cause)) {
    const code = errorCode(error.cause);
    return error.message.includes(code) ? error.message : error.message.replace(/\.$/, ` (${code}).`);
  }
  if (error instanceof ServiceError || error instanceof ConfigurationError) return error.message;
  return `The command could not be done (${errorCode(error)}).`;
}
