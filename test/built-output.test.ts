import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createTestDatabase, sampleBytes, type TestDatabase } from "./support/service.js";

/**
 * The service as `npm start` runs it: compiled, in a process of its own. Decorators behave differently there
 * than under Vitest.
 */
const root = path.dirname(import.meta.dirname);
let database: TestDatabase;
let running: ChildProcess;

async function run(
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<ChildProcess> {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  await once(child, "spawn");
  return child;
}

/** Starts dist/main.js and waits until it says where it listens. */
async function start(): Promise<string> {
  running = await run(process.execPath, ["dist/main.js"], {
    DATABASE_URL: database.url,
    PORT: "0",
    NODE_ENV: "",
  });
  return await new Promise((resolve, reject) => {
    running.stdout?.on("data", (chunk: Buffer) => {
      const url = /"graphql":"([^"]+)\/graphql"/.exec(chunk.toString())?.[1];
      if (url !== undefined) resolve(url);
    });
    running.once("exit", (code) => {
      reject(new Error(`The built service ended with ${String(code)} before it listened.`));
    });
  });
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(running, "exit");
  running.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}

describe("the built output", () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    const build = await run(process.execPath, ["scripts/build-if-needed.mjs"]);
    const [code] = (await once(build, "exit")) as [number | null];
    expect(code).toBe(0);
  }, 120_000);
  afterAll(async () => {
    await database.drop();
  });

  it("serves, stops on SIGTERM, and has what it stored after a kill -9", async () => {
    const first = await start();
    const posted = await fetch(`${first}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: new Uint8Array(await sampleBytes("analyzed")),
    });
    expect(posted.status).toBe(200);
    await stop("SIGKILL");

    const second = await start();
    const response = await fetch(`${second}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        query: "{ sessions { nodes { status agentVersion { name } messages { nodes { body } } } } }",
      }),
    });
    expect(await response.json()).toMatchObject({
      data: { sessions: { nodes: [{ status: "ANALYZED", agentVersion: { name: "Staffing Agent" } }] } },
    });
    expect(await stop("SIGTERM")).toBe(0);
  });

  it("with source maps names places in src, and keeps no map of a library", async () => {
    const probe = `import { createRequire, findSourceMap } from "node:module";
      const { cache } = createRequire(import.meta.url);
      process.on("exit", () => {
        const libraries = Object.keys(cache).filter((file) => file.includes("/node_modules/typeorm/"));
        console.log(libraries.length > 100, libraries.filter((file) => findSourceMap(file)).length);
      });`;
    const folder = await mkdtemp(path.join(tmpdir(), "maps-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = path.join(folder, "probe.mjs");
    await writeFile(file, probe);
    const service = await run(process.execPath, ["--enable-source-maps", "--import", file, "dist/main.js"], {
      DATABASE_URL: "mysql://nobody@127.0.0.1:1/nothing",
      DATABASE_WAIT_SECONDS: "0",
    });
    let output = "";
    service.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await once(service, "close");
    expect(output).toMatch(/\/src\/server\.ts:\d+/);
    expect(output).not.toMatch(/\/dist\//);
    expect(output).toMatch(/^true 0$/m);
  });
});
