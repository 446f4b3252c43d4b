import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { describe, expect, it } from "vitest";

const most = 12 * 1024;

describe("the client in a bundle", () => {
  it("has at most 12 kB, graphql-ws among them (gzip)", async () => {
    const output = (await build({
      logLevel: "silent",
      configFile: false,
      build: { write: false, lib: { entry: "client/src/index.ts", formats: ["es"] } },
    })) as Rolldown.RolldownOutput[];
    const chunks = output.flatMap(({ output: files }) => files.filter((file) => file.type === "chunk"));
    const [chunk] = chunks;
    expect(chunks).toHaveLength(1);
    expect(chunk?.code).toContain("graphql-transport-ws");
    const bytes = gzipSync(chunk?.code ?? "").length;
    expect(bytes).toBeLessThanOrEqual(most);
  });
});
