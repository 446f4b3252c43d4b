import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import express from "express";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localCaller } from "../../src/access/caller.js";
import { exportRouter } from "../../src/export/router.js";
import { CursorCodec } from "../../src/graphql/cursors.js";
import { createLogger } from "../../src/logger.js";
import { UnreadAnswers } from "../../src/http/unread-answers.js";
import { sample, startService, type TestService } from "../support/service.js";
import { Metrics } from "../../src/metrics/metrics.js";

const formats = ["ndjson", "csv"];

/** What a server sends, byte for byte, until it closes; and whether it cut the connection instead. */
async function exchange(url: string, request: string): Promise<{ answer: string; isCut: boolean }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  let answer = "";
  socket.on("data", (bytes: Buffer) => (answer += bytes.toString()));
  const isCut = await new Promise<boolean>((resolve) => {
    socket.once("error", () => {
      resolve(true);
    });
    socket.once("close", () => {
      resolve(false);
    });
  });
  return { answer, isCut };
}

describe("exports over other HTTP than GET of 1.1", () => {
  let service: TestService;
  let id: string;
  beforeAll(async () => {
    service = await startService();
    const event = await sample("analyzed");
    id = event.data.id as string;
    expect((await service.post(event)).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each(formats)("answers HEAD of %s with the headers only", async (format) => {
    const { answer } = await exchange(
      service.url,
      `HEAD /export/sessions.${format} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nContent-Type: (?:application\/x-ndjson|text\/csv)/);
    expect(answer).not.toContain("Trailer");
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
  });

  it.each(formats)("serves %s to HTTP/1.0 whole and without a trailer", async (format) => {
    const { answer, isCut } = await exchange(
      service.url,
      `GET /export/sessions.${format} HTTP/1.0\r\nHost: localhost\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).not.toMatch(/^(Trailer|X-Export-Cursor|Transfer-Encoding):/im);
    const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
    expect(body).toContain(id);
    expect(body).toMatch(format === "csv" ? /\r\n$/ : /}\n$/);
    expect(isCut).toBe(false);
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
  });
});

describe("an export that breaks off", () => {
  it.each(["1.0", "1.1"])("is cut over HTTP/%s, and can be told from a whole one", async (version) => {
    const limits = { bufferBytes: 1_000, stallMilliseconds: 1_000, totalBytes: 1_000_000 };
    const unread = new UnreadAnswers(limits, createLogger("silent"));
    const app = express().use(
      exportRouter({
        unread,
        metrics: new Metrics().operations,
        exportFor: () => ({ ndjson: breaksOff, csv: breaksOff }),
        schema: buildSchema("type Query { none: Int }"),
        cursors: new CursorCodec("key"),
        gate: { exporterOf: () => localCaller },
        connections: { add: () => () => undefined },
        logger: createLogger("silent"),
      }),
    );
    const server = createServer(app).listen(0, "127.0.0.1");
    unread.watch(server);
    await once(server, "listening");
    const { answer, isCut } = await exchange(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      `GET /export/sessions.ndjson HTTP/${version}\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    if (version === "1.0") expect(isCut).toBe(true);
    else expect(answer).not.toMatch(/\r\n0\r\n/);
    await once(server.close(), "close");
  });
});

/** A page, and then a database that is away. */
async function* breaksOff() {
  yield await Promise.resolve({ text: "{}\n", position: ["id"] });
  throw new Error("the database is away");
}
