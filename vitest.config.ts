import { defineConfig } from "vitest/config";

/** These replace a module, which must not have been loaded before. */
const replacingModules = ["test/webhook/verify-signature.test.ts"];

/** These ask no database, or only through what others test, so they run once, with the embedded default, and not again for each server. */
const withoutDatabase = [
  "test/{architecture,config,database-url,error-codes,linear-time,package-scripts}.test.ts",
  "test/{board,client}/**",
  "test/examples/with-client.test.ts",
  "test/events/**",
  "test/tools/**",
];
const notAgain = process.env.TEST_DATABASE_URL === undefined ? [] : withoutDatabase;

export default defineConfig({
  // Vite may otherwise load graphql twice (ESM and CJS), and graphql refuses schemas of another copy.
  resolve: { alias: { graphql: "graphql/index.js" } },
  test: {
    globalSetup: ["test/support/build-board.ts"],
    setupFiles: ["test/support/setup.ts"],
    // Some tests start a command several times, and a command takes seconds on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
          exclude: [...replacingModules, ...notAgain],
          // Each file has a service and a database of its own; loading the code anew for each took a third of
          // all the time.
          isolate: false,
        },
      },
      { extends: true, test: { name: "replaced modules", include: replacingModules } },
    ],
  },
});
