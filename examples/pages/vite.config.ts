import { defineConfig } from "vite";

const target = process.env.SERVICE ?? "http://127.0.0.1:4000";

/** Serves the pages, and the service under the same origin, so that it needs no CORS_ORIGINS. */
export default defineConfig({
  resolve: { conditions: ["source", "module", "browser", "development"] },
  server: { host: "127.0.0.1", proxy: { "/graphql": { target, ws: true } } },
});
