import { defineConfig } from "vitest/config";

/** These replace a module, which must not have been loaded before. */
const replacingModules = ["test/webhook/verify-signature.test.ts"];

/**
 * These ask no database, or only through what others test, so they run once, with the embedded default, and
 * not again for each server.
 */
const withoutDatabase = [
  "test/{architecture,built-output,config,database-url,error-codes,linear-time,package-scripts,start}.test.ts",
  "test/{board,client,events,examples,http,tools}/**",
  "test/unexpected.test.ts",
  "test/access/{abuse,authentication,logs,shared-limits,sockets,streams,validation-time}.test.ts",
  "test/cli/failures.test.ts",
  "test/export/streaming.test.ts",
  "test/graphql/{empty-inputs,introspection,limits,mistakes,over-http,persisted-queries}.test.ts",
  "test/graphql/{remembered-texts,sandbox,schema-text}.test.ts",
  "test/webhook/strangers.test.ts",
];
const notAgain = process.env.TEST_DATABASE_URL === undefined ? [] : withoutDatabase;

/**
 * Tests of commands start many processes, which takes long; their statements are those of the service. CI
 * leaves them out (TEST_COMMANDS=off) on the second of two servers.
 */
const ofCommands = ["test/cli/**", "test/access/privacy.test.ts"];
const left = process.env.TEST_COMMANDS === "off" ? [...notAgain, ...ofCommands] : notAgain;

export default defineConfig({
  // Vite may otherwise load graphql twice (ESM and CJS), and graphql refuses schemas of another copy.
  resolve: { alias: { graphql: "graphql/index.js" } },
  test: {
    globalSetup: ["test/support/build.ts"],
    setupFiles: ["test/support/setup.ts"],
    // Some tests start a command several times, and a command takes seconds on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is polled for comes when a busy machine gets to it; what must come soon says how soon.
    expect: { poll: { timeout: 20_000 } },
    pool: "forks",
    // Much of the time is spent waiting (for timers, processes, fsync), so three files at once even on two
    // cores.
    maxWorkers: 3,
    // Tests with real processes and sockets may starve on a machine that CI shares; locally a failure shows
    // at once.
    retry: process.env.CI ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: "service",
          include: ["test/**/*.test.ts"],
          exclude: [...replacingModules, ...left],
          // Each file has a service and a database of its own; loading the code anew for each took a third of
          // all the time.
          isolate: false,
        },
      },
      { extends: true, test: { name: "replaced modules", include: replacingModules } },
    ],
  },
});
