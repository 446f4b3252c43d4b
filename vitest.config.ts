import { defineConfig } from "vitest/config";

export default defineConfig({
  // Vite may otherwise load graphql twice (ESM and CJS), and graphql refuses schemas of another copy.
  resolve: { alias: { graphql: "graphql/index.js" } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Much of the time is spent waiting (for timers, processes, fsync), so two files at once even on two cores.
    maxWorkers: 2,
    // Tests with real processes and sockets may starve on a machine that CI shares; locally a failure shows at once.
    retry: process.env.CI ? 1 : 0,
  },
});
