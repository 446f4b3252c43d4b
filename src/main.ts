import { useSourceMaps } from "./source-maps.js";
import "reflect-metadata";
import { type Config, loadConfig } from "./config.js";
import { ConfigurationError, ServiceError } from "./errors.js";
import { createLogger } from "./logger.js";
import { startServer } from "./server.js";
import { loadTracing } from "./tracing/load-tracing.js";
import type { Tracing } from "./tracing/tracing.js";
import { readVersion } from "./version.js";

/**
 * Starts the service and stops it on SIGTERM or SIGINT. Anything that keeps it from starting ends the process
 * with code 1.
 */
async function main(): Promise<void> {
  useSourceMaps();
  const config = loadConfig(process.env);
  const tracing = await loadTracing(process.env, readVersion());
  const logger = createLogger(config.logLevel, tracing && (() => traceOf(tracing)));
  const server = await startServer(config, logger, tracing);
  logger.info(
    {
      graphql: `${server.url}/graphql`,
      webhook: `${server.url}/webhooks/whippy`,
      database: config.database.kind,
      signatures: config.webhook.signatureMode,
    },
    "listening",
  );
  if (!config.production) process.stderr.write(greeting(server.url, config));
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, "stopping");
    // A database that has stalled keeps its connections from closing; what is unanswered by now will be
    // delivered again.
    setTimeout(() => process.exit(1), longestStop).unref();
    void server.stop().then(
      () => {
        logger.info("stopped");
        process.exit(0);
      },
      (err: unknown) => {
        logger.error({ err }, "could not stop in order");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function traceOf(tracing: Tracing) {
  const traceId = tracing.activeTraceId();
  return traceId === undefined ? {} : { traceId };
}

/** Orchestrators kill after ten seconds, often enough. */
const longestStop = 9_500;

/** For people: where to look, and a line to paste. */
function greeting(url: string, { board }: Config): string {
  return `
${board ? `  Live board       ${url}/\n` : ""}  Explorer         ${url}/graphql
  Subscriptions    ${url.replace("http", "ws")}/graphql
  Webhook          ${url}/webhooks/whippy

  Post one of Whippy's documented events (in the project's folder):

    curl -i ${url}/webhooks/whippy -H 'Content-Type: application/json' --data-binary @test/fixtures/whippy/conversation_agent_session.analyzed.json

`;
}

// The state is undefined after an error that nobody caught, so the process ends. Node would print the error
// whole, with what a driver quotes.
process.on("uncaughtException", (err) => {
  createLogger("info").fatal({ err }, "ended by an error that nobody caught");
  process.exit(1);
});

main().catch((error: unknown) => {
  if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`);
  else {
    // The message of an error of ours is safe to show, and says what to do.
    const why = error instanceof ServiceError ? `: ${error.message}` : "";
    createLogger("info").fatal({ err: error }, `the service could not start${why}`);
  }
  process.exit(1);
});
