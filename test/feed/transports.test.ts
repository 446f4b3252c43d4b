import { setImmediate as nextTurn } from "node:timers/promises";
import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createStreamClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { OperationPreparer } from "../../src/graphql/plan/prepare-operation.js";
import { startService, type TestService } from "../support/service.js";
import { cursorNow, postAnalyzed } from "../support/listening.js";

const query =
  "subscription ($after: Cursor) { sessionAnalyzed(after: $after) { cursor type session { id } } }";

interface Told {
  readonly sessionAnalyzed: { readonly cursor: string; readonly session: { readonly id: string } };
}

describe("the official clients", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1" });
  });
  afterAll(async () => {
    await service.stop();
  });

  const socketClient = () =>
    createSocketClient({ url: `${service.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket });

  /** Posts before and after the client subscribes: it must hear of all. */
  async function expectToHear(subscribe: (after: string, next: (data: unknown) => void) => () => void) {
    const after = await cursorNow(service);
    const missed = await postAnalyzed(service, 2);
    const told: string[] = [];
    const leave = subscribe(after, (data) => told.push((data as Told).sessionAnalyzed.session.id));
    const live = await postAnalyzed(service, 2);
    await vi.waitFor(() => {
      expect(told).toEqual([...missed, ...live]);
    }, 10_000);
    leave();
  }

  it("graphql-ws replays and goes live", async () => {
    const client = socketClient();
    await expectToHear((after, next) =>
      client.subscribe(
        { query, variables: { after } },
        {
          next: ({ data }) => {
            next(data);
          },
          error: () => undefined,
          complete: () => undefined,
        },
      ),
    );
    await client.dispose();
  });

  it("Apollo Client with GraphQLWsLink replays and goes live", async () => {
    const socket = socketClient();
    const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
    await expectToHear((after, next) => {
      const subscription = client
        .subscribe({ query: gql(query), variables: { after } })
        .subscribe(({ data }) => {
          next(data);
        });
      return () => {
        subscription.unsubscribe();
      };
    });
    client.stop();
    await socket.dispose();
  });

  it("urql replays and goes live", async () => {
    const socket = socketClient();
    const client = new Client({
      url: `${service.url}/graphql`,
      preferGetMethod: false,
      exchanges: [
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query: text = "", variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe(
                { query: text, variables: variables as Record<string, unknown> },
                sink,
              ),
            }),
          }),
        }),
      ],
    });
    await expectToHear((after, next) => {
      const subscription = client.subscription(query, { after }).subscribe(({ data }) => {
        next(data);
      });
      return () => {
        subscription.unsubscribe();
      };
    });
    await socket.dispose();
  });

  it("graphql-sse replays and goes live", async () => {
    const client = createStreamClient({ url: `${service.url}/graphql/stream`, retryAttempts: 0 });
    await expectToHear((after, next) =>
      client.subscribe(
        { query, variables: { after } },
        {
          next: ({ data }) => {
            next(data);
          },
          error: () => undefined,
          complete: () => undefined,
        },
      ),
    );
    client.dispose();
  });
});

describe("an event stream", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1" });
  });
  afterAll(async () => {
    await service.stop();
  });

  const url = (text: string, variables = {}) =>
    `${service.url}/graphql/stream?${new URLSearchParams({ query: text, variables: JSON.stringify(variables) }).toString()}`;

  /** Reads a stream until its text satisfies. */
  async function read(response: Response, isEnough: (text: string) => boolean): Promise<string> {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (isEnough(text)) break;
    }
    return text;
  }

  it("does not begin where only its headers are asked for", async () => {
    const response = await fetch(url(query), { method: "HEAD", signal: AbortSignal.timeout(5_000) });
    expect([response.status, response.headers.get("Content-Type")]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
    ]);
    const { data } = await service.query("{ viewer { limits { subscriptions { open } } } }");
    expect(data).toEqual({ viewer: { limits: { subscriptions: { open: 0 } } } });
  });

  it("has a cursor as the id of each event, and takes it as Last-Event-ID", async () => {
    const after = await cursorNow(service);
    const ids = await postAnalyzed(service, 3);
    const first = await fetch(url(query, { after }));
    expect(first.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const text = await read(first, (soFar) => soFar.includes(String(ids[0])) && soFar.endsWith("\n\n"));
    const cursor = /^id: (.+)$/m.exec(text)?.[1] ?? "";
    expect(text).toContain(`"cursor":"${cursor}"`);
    const second = await fetch(url(query, { after }), { headers: { "Last-Event-ID": cursor } });
    const rest = await read(second, (soFar) => soFar.includes(String(ids[2])));
    expect(rest).not.toContain(String(ids[0]));
    expect(rest.indexOf(String(ids[1]))).toBeLessThan(rest.indexOf(String(ids[2])));
  });

  it("does not begin where the service stops while it is prepared", async () => {
    const stopped = await startService();
    const prepare = Reflect.get<OperationPreparer, "prepare">(OperationPreparer.prototype, "prepare");
    let stopping: Promise<void> | undefined;
    const prepared = vi.spyOn(OperationPreparer.prototype, "prepare").mockImplementation(async function (
      this: OperationPreparer,
      ...asked
    ) {
      stopping = stopped.stop();
      await nextTurn();
      return await prepare.apply(this, asked);
    });
    const response = await fetch(url(query).replace(service.url, stopped.url), {
      signal: AbortSignal.timeout(5_000),
    });
    prepared.mockRestore();
    expect(response.status).toBe(503);
    await response.body?.cancel();
    await stopping;
  });

  it("is kept alive while nothing happens", async () => {
    const response = await fetch(url(query));
    const text = await read(response, (soFar) => soFar.split(":\n\n").length > 3);
    expect(text).not.toContain("event:");
  });

  it("answers a query with its result, and a mistake with errors, and completes", async () => {
    const everything = () => false;
    const result = await read(await fetch(url("{ sessions { totalCount } }")), everything);
    expect(result).toContain(
      'event: next\ndata: {"data":{"sessions":{"totalCount":3}},"extensions":{"cost":501}}',
    );
    expect(result).toMatch(/event: complete\ndata:\n\n$/);
    const mistake = await read(await fetch(url("subscription { nothing }")), everything);
    expect(mistake).toMatch(/"code":"GRAPHQL_VALIDATION_FAILED".*\n\nevent: complete\ndata:\n\n$/s);
    const cursor = await read(await fetch(url(query), { headers: { "Last-Event-ID": "x" } }), everything);
    expect(cursor).toContain('"code":"BAD_USER_INPUT"');
    expect((await fetch(`${service.url}/graphql/stream`)).status).toBe(400);
    expect((await fetch(`${service.url}/graphql/stream?query={a}&variables=no`)).status).toBe(400);
  });
});

describe("a path with a slash at its end", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it("serves requests, event streams and sockets as without", async () => {
    const search = new URLSearchParams({ query: "{ __typename }" }).toString();
    for (const path of ["/graphql", "/graphql/"]) {
      const answer = await fetch(`${service.url}${path}?${search}`, {
        headers: { "Apollo-Require-Preflight": "1" },
      });
      expect(await answer.json()).toMatchObject({ data: { __typename: "Query" } });
      const stream = await fetch(
        `${service.url}${path.replace(/\/?$/, "/stream")}${path.slice(8)}?${search}`,
      );
      expect(await stream.text()).toContain("event: complete");
      const url = `${service.url.replace("http", "ws")}${path}`;
      const client = createSocketClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
      const { value } = await client.iterate({ query: "{ __typename }" }).next();
      expect(value).toMatchObject({ data: { __typename: "Query" } });
      await client.dispose();
    }
  });
});

describe("a WebSocket", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ SUBSCRIPTIONS_PER_SOCKET: "3", SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1" });
  });
  afterAll(async () => {
    await service.stop();
  });

  async function open(): Promise<{ socket: WebSocket; messages: string[]; closed: Promise<number> }> {
    const socket = new WebSocket(`${service.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const messages: string[] = [];
    socket.on("message", (data: Buffer) => messages.push(data.toString()));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("open", resolve));
    return { socket, messages, closed };
  }
  const init = '{"type":"connection_init"}';
  const subscribe = (id: string) =>
    JSON.stringify({
      id,
      type: "subscribe",
      payload: { query: "subscription { sessionAnalyzed { cursor } }" },
    });

  it.each([
    ["nonsense", ["nonsense"], 4400],
    ["a subscription before connection_init", [subscribe("1")], 4401],
    ["a second connection_init", [init, init], 4429],
    ["a subscription whose id is in use", [init, subscribe("1"), subscribe("1")], 4409],
    ["a message beyond the limit", [init, "x".repeat(1024 * 1024 + 1)], 1009],
  ])("is closed after %s", async (_what, messages, code) => {
    const { socket, messages: answers, closed } = await open();
    for (const [index, message] of messages.entries()) {
      socket.send(message);
      if (index === 0 && messages.length > 1 && messages[1] !== init)
        await vi.waitFor(() => {
          expect(answers.length).toBe(1);
        });
    }
    expect(await closed).toBe(code);
  });

  it("frees what is unsubscribed at once, without any event, and refuses more than its share", async () => {
    const { socket, messages } = await open();
    socket.send(init);
    await vi.waitFor(() => {
      expect(messages.length).toBe(1);
    });
    for (let round = 0; round < 20; round += 1) {
      socket.send(subscribe(`s${round}`));
      await service.query("{ __typename }");
      socket.send(JSON.stringify({ id: `s${round}`, type: "complete" }));
    }
    expect(messages.filter((message) => message.includes('"error"'))).toEqual([]);
    for (let index = 0; index < 4; index += 1) socket.send(subscribe(`t${index}`));
    await vi.waitFor(() => {
      expect(messages.filter((message) => message.includes("RATE_LIMITED"))).toHaveLength(1);
    });
    socket.terminate();
  });

  it("stays open while it answers pings, and is cut when it does not", async () => {
    const answering = await open();
    const silent = await open();
    for (const { socket } of [answering, silent]) socket.send(init);
    silent.socket.pong = () => undefined;
    expect(await silent.closed).toBe(1006);
    expect(answering.socket.readyState).toBe(WebSocket.OPEN);
    answering.socket.terminate();
  });

  it("is closed with 1001 when the service stops, so that clients resume elsewhere", async () => {
    const { socket, messages, closed } = await open();
    socket.send(init);
    await vi.waitFor(() => {
      expect(messages.length).toBe(1);
    });
    socket.send(subscribe("1"));
    await service.query("{ __typename }");
    await service.restart();
    expect(await closed).toBe(1001);
    expect(messages.some((message) => message.includes("complete"))).toBe(false);
  });
});
