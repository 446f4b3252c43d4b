import { defineConfig } from "vite";

/** The board as files that the service serves at `/`; addresses are relative, so a path prefix works too. */
export default defineConfig({
  base: "./",
  // The client is taken from its sources, as the board is built with them.
  resolve: { conditions: ["source", "module", "browser", "production"] },
  build: {
    outDir: "../dist/public",
    emptyOutDir: true,
    assetsDir: "board",
    // A data: address would need its own line in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index.html", "explorer.html"],
      // "use client" is for servers that render, which there are none of.
      onwarn: (warning, warn) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
    // The explorer is one large file; nobody waits for it but who opens it.
    chunkSizeWarningLimit: 2_000,
  },
});
