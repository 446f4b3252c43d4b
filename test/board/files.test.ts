import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { readBoardFiles } from "../../src/board/board-files.js";
import { jwtSecret } from "../support/callers.js";
import { startService, type TestService } from "../support/service.js";

const most = 200 * 1024;

describe("the board's files", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ JWT_SECRET: jwtSecret });
  });
  afterAll(async () => {
    await service.stop();
  });

  it("have at most 200 kB (gzip), of those that the board loads", async () => {
    const files = await readBoardFiles();
    const page = files.get("/")?.body.toString() ?? "";
    const loaded = Array.from(page.matchAll(/(?:src|href)="\.(\/[^"]+)"/g), ([, path = ""]) =>
      files.get(path),
    );
    expect(loaded.length).toBeGreaterThan(2);
    const bytes = loaded.reduce((sum, file) => sum + gzipSync(file?.body ?? "").length, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  it("are served without a key, from this origin alone", async () => {
    const answer = await fetch(service.url);
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
    const named = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, address = ""]) => address);
    expect(named.length).toBeGreaterThan(2);
    for (const address of named) {
      expect(address).toMatch(/^\.\//);
      const file = await fetch(new URL(address, `${service.url}/`), {
        headers: { "Accept-Encoding": "gzip" },
      });
      expect(file.status).toBe(200);
    }
  });

  it("are cached: by name where that never changes, else by their ETag", async () => {
    const first = await fetch(service.url);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const etag = first.headers.get("etag") ?? "";
    expect((await fetch(service.url, { headers: { "If-None-Match": etag } })).status).toBe(304);
    const script = /src="\.(\/board\/[^"]+\.js)"/.exec(await first.text())?.[1];
    const answer = await fetch(`${service.url}${String(script)}`);
    expect(answer.headers.get("cache-control")).toContain("immutable");
    const file = (await readBoardFiles()).get(String(script));
    expect(gunzipSync(file?.gzipped ?? Buffer.alloc(0)).equals(file?.body ?? Buffer.alloc(0))).toBe(true);
  });

  it("are all there is: other paths below them, and other methods, want a key", async () => {
    for (const path of ["/board/", "/board/../index.html", "/index.html", "/board/nothing.js"])
      expect((await fetch(`${service.url}${path}`)).status).toBe(401);
    expect((await fetch(service.url, { method: "POST" })).status).toBe(401);
  });

  it("are not served where BOARD is off, as it is in production", async () => {
    const other = await startService({ BOARD: "false" });
    expect((await fetch(other.url)).status).toBe(404);
    await other.stop();
    const production = { NODE_ENV: "production", WEBHOOK_SECRETS: "a", JWT_SECRET: jwtSecret };
    expect(loadConfig(production).board).toBe(false);
    expect(loadConfig({ ...production, BOARD: "true" }).board).toBe(true);
  });
});
