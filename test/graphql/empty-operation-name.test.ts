import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawSocket } from "../support/callers.js";
import { startService, type TestService } from "../support/service.js";

const one = { query: "query one { __typename }", operationName: "" };
const several = { query: "query one { __typename } query other { __typename }", operationName: "" };

describe("an operationName that is empty is the same as none", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  async function bySocket(payload: object): Promise<string> {
    const { socket, send, received } = await rawSocket(service);
    send({ type: "connection_init" });
    await expect.poll(() => received.length).toBe(1);
    send({ type: "subscribe", id: "1", payload });
    await expect.poll(() => received.length).toBeGreaterThan(1);
    socket.close();
    return JSON.stringify(received[1]);
  }
  const get = (path: string) => async (request: Record<string, string>) => {
    const url = `${service.url}${path}?${new URLSearchParams(request).toString()}`;
    return await (await fetch(url, { headers: { "Apollo-Require-Preflight": "1" } })).text();
  };
  const post = (path: string) => async (request: object) => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(request);
    return await (await fetch(`${service.url}${path}`, { method: "POST", headers, body })).text();
  };

  it.each([
    ["GET", get("/graphql")],
    ["POST", post("/graphql")],
    ["GET of a stream", get("/graphql/stream")],
    ["POST of a stream", post("/graphql/stream")],
    ["WebSocket", bySocket],
  ])("by %s", async (_name, ask) => {
    expect(await ask(one)).toContain('"data":{"__typename":"Query"}');
    expect(await ask(several)).toContain("operationName must name one of them");
  });
});
