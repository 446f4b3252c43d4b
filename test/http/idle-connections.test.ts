import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { boundIdleConnections } from "../../src/http/idle-connections.js";
import { startService } from "../support/service.js";

/** A connection that sends requests when the test says so. */
class Connection {
  private received = "";
  isClosed = false;

  private constructor(private readonly socket: Socket) {
    socket.on("data", (bytes) => (this.received += bytes.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => (this.isClosed = true));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    return new Connection(socket);
  }

  send(path: string): void {
    this.received = "";
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  async get(path: string): Promise<string> {
    this.send(path);
    await expect.poll(() => this.received || this.isClosed, { timeout: 10_000 }).toBeTruthy();
    return this.received;
  }

  end(): void {
    this.socket.destroy();
  }
}

describe("idle connections", () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const clean of cleanUp.splice(0).reverse()) await clean();
  });

  const open = async (url: string) => {
    const connection = await Connection.open(url);
    cleanUp.push(() => {
      connection.end();
    });
    return connection;
  };

  it("stay open longer than a balancer keeps them, whatever a request may take to arrive", async () => {
    const service = await startService({ WEBHOOK_BODY_TIMEOUT_SECONDS: "1" });
    cleanUp.push(() => service.stop());
    const connection = await open(service.url);
    expect(await connection.get("/healthz")).toMatch(/^HTTP\/1\.1 200 [^]*\r\nKeep-Alive: timeout=65\r\n/);
    // Node's own limit is 5 seconds and one more.
    await delay(7_500);
    expect(await connection.get("/healthz")).toContain("HTTP/1.1 200 ");
  }, 30_000);

  it("are closed after the time that is set", async () => {
    const service = await startService({ HTTP_KEEP_ALIVE_SECONDS: "1" });
    cleanUp.push(() => service.stop());
    const connection = await open(service.url);
    expect(await connection.get("/healthz")).toContain("\r\nKeep-Alive: timeout=1\r\n");
    await expect.poll(() => connection.isClosed, { timeout: 10_000 }).toBe(true);
  }, 30_000);

  it("give way, the one that is idle longest first, where there are too many; one in use never does", async () => {
    let finish = () => undefined as unknown;
    const server = createServer((request, response) => {
      if (request.url === "/slow") finish = () => response.end();
      else response.end("ok");
    });
    boundIdleConnections(server, 2);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUp.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const busy = await open(url);
    busy.send("/slow");
    const [first, second, third] = [await open(url), await open(url), await open(url)];
    expect(await second.get("/")).toContain("ok");
    await expect.poll(() => first.isClosed).toBe(true);
    expect([busy, second, third].map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    finish();
    // Now three are idle: the third has been so for the longest time, for it never sent anything.
    await expect.poll(() => third.isClosed).toBe(true);
    expect(await busy.get("/")).toContain("ok");
    expect(await second.get("/")).toContain("ok");
  });
});
