import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, startService, type TestDatabase } from "./support/service.js";

/**
 * Starts the service as a part of another program, which goes on when that fails, and ends when nothing is
 * left to wait for.
 */
const program = `
  import "reflect-metadata";
  import { loadConfig } from "./dist/config.js";
  import { createLogger } from "./dist/logger.js";
  import { startServer } from "./dist/server.js";
  try {
    await startServer(loadConfig(process.env), createLogger("silent"));
    console.log("started");
  } catch (error) {
    console.log(error.code ?? error.name);
  }
`;

describe("a start that fails", () => {
  let database: TestDatabase;
  const taken = createServer();
  beforeAll(async () => {
    database = await createTestDatabase();
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
  });
  afterAll(async () => {
    taken.close();
    await database.drop();
  });

  const port = () => String((taken.address() as AddressInfo).port);
  const redis = process.env.TEST_REDIS_URL;
  const failures: [string, () => Record<string, string>, string][] = [
    ["on a port that is taken", () => ({ PORT: port() }), "EADDRINUSE"],
    [
      "without its list of operations",
      () => ({ PORT: "0", GRAPHQL_ALLOW_LIST: "nowhere" }),
      "ConfigurationError",
    ],
  ];

  it.each(failures)("%s leaves nothing open", async (_name, settings, code) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: database.url,
        ...(redis !== undefined && { REDIS_URL: redis }),
        ...settings(),
      },
      timeout: 45_000,
    });
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += text.toString()));
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const [exitCode] = (await once(child, "close")) as [number | null];
    expect(said.trim()).toBe(code);
    // Null: it had to be killed, for something kept it alive.
    expect(exitCode).toBe(0);
  });

  it("leaves the database to the next start", async () => {
    await expect(startService({ PORT: port() }, database)).rejects.toMatchObject({ code: "EADDRINUSE" });
    const service = await startService({}, database);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    await service.stop();
  });
});
