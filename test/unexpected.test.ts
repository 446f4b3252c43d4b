import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import express from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createLogger } from "../src/logger.js";
import { problemHandler } from "../src/http/problem.js";
import { type RunningProcess, startProcess } from "./support/running-process.js";
import { createTestDatabase, type TestDatabase } from "./support/service.js";

const phone = "+13235550100";

describe("a service to which anybody may connect", () => {
  let database: TestDatabase;
  let service: RunningProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startProcess({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await service.end("SIGTERM");
    await database.drop();
  });

  function upgradeOf(target: string): string {
    return `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  }

  async function open() {
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  /** All that the service says before it closes the connection. */
  async function answerTo(request: string): Promise<string> {
    const socket = await open();
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString()));
    socket.write(request);
    await once(socket, "close");
    return answer;
  }

  it.each(["//", "/nothing", "///graphql", "http://", "/graph\u00e9l", "*"])(
    "refuses an upgrade of %s, and goes on",
    async (target) => {
      expect(await answerTo(upgradeOf(target))).toMatch(/^HTTP\/1\.1 40[04] /);
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    },
  );

  it("survives whoever resets the connection while an upgrade is refused", async () => {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const socket = await open();
      socket.write(upgradeOf("/nothing"), () => {
        socket.resetAndDestroy();
      });
      await once(socket, "close");
    }
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    expect(service.process.exitCode).toBeNull();
  });
});

describe("an error that nobody caught", () => {
  it("ends the process with 1, and is logged without what it says", async () => {
    const database = await createTestDatabase();
    const fault = `process.on("SIGUSR2", () => { throw Object.assign(new Error("near ${phone}"), { sql: "${phone}" }); })`;
    const service = await startProcess({
      DATABASE_URL: database.url,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}`,
    });
    expect((await service.end("SIGUSR2")).code).toBe(1);
    expect(service.output()).toContain("ended by an error that nobody caught");
    expect(service.output()).not.toContain(phone);
    await database.drop();
  });
});

describe("an error after an answer has begun", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("breaks the answer off, and nothing of it is printed", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const app = express();
    // Under NODE_ENV=test Express would print nothing anyway.
    app.set("env", "production");
    app.get("/", (_request, response, next) => {
      response.write("the beginning");
      next(new Error(`near ${phone}`));
    });
    app.use(problemHandler(createLogger("silent"), () => undefined));
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const answer = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
    await expect(answer).rejects.toThrow();
    expect(printed).not.toHaveBeenCalled();
    server.close();
  });
});
