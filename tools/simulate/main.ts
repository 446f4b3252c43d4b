import { readOptions } from "./command.js";
import { formatSummary, showProgress } from "./report.js";
import { runSimulation } from "./run-simulation.js";

/** `npm run simulate`: exits with 1 if any delivery failed for good. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  const stop = new AbortController();
  // Once only: a second signal ends the process at once, as usual.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stop.abort();
    });
  }
  const progress = showProgress(process.stderr);
  try {
    const summary = await runSimulation({ ...options, signal: stop.signal }, progress.report);
    progress.stop();
    console.log(formatSummary(summary, options.url));
    return summary.failures > 0 ? 1 : 0;
  } catch (error) {
    progress.stop();
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

process.exitCode = await main();
