import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { beginning, type FeedPlace } from "../../src/events/feed-place.js";
import { FanOut } from "../../src/feed/fan-out.js";
import { createLogger } from "../../src/logger.js";
import { Database } from "../../src/store/database.js";
import { FeedReader } from "../../src/store/readers/feed.reader.js";
import { everything } from "../../src/store/readers/scope.js";
import { SessionReader } from "../../src/store/readers/session.reader.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { cursorNow, heard, listen, postAnalyzed } from "../support/listening.js";
import { Metrics } from "../../src/metrics/metrics.js";

const redisUrl = process.env.TEST_REDIS_URL;

describe("two instances on one database", () => {
  let database: TestDatabase;
  let one: TestService;
  let other: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    one = await startService({}, database);
    other = await startService({}, database);
  });
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await database.drop();
  });

  it("tell their subscribers the same, in the same order, without anything between them", async () => {
    const listeners = [await listen(one.url), await listen(other.url)];
    const [first, second] = await Promise.all([postAnalyzed(one, 15), postAnalyzed(other, 15)]);
    await vi.waitFor(() => {
      for (const { events } of listeners) expect(events).toHaveLength(30);
    }, 15_000);
    expect(listeners[0]?.events).toEqual(listeners[1]?.events);
    expect(new Set(listeners[0]?.sessionIds)).toEqual(new Set([...first, ...second]));
    for (const listener of listeners) await listener.leave();
  });

  it("let a subscriber go on at the other one, also where it has heard more than that one has yet", async () => {
    const listener = await listen(one.url);
    const told = await postAnalyzed(one, 3);
    await heard(listener, told);
    await listener.leave();
    const resumed = await listen(other.url, { after: listener.lastCursor });
    await heard(resumed, await postAnalyzed(one, 3));
    await resumed.leave();
  });
});

describe.runIf(redisUrl !== undefined)("two instances with Redis between them", () => {
  it("announce positions alone, do without Redis while it is away, and go on with it afterwards", async () => {
    const proxy = await Proxy.start(new URL(redisUrl ?? ""));
    const database = await createTestDatabase();
    const one = await startService({ REDIS_URL: proxy.url }, database);
    const other = await startService({ REDIS_URL: proxy.url }, database);
    const announced: string[] = [];
    const spy = new Redis(redisUrl ?? "");
    await spy.psubscribe("conversation-agent-api:feed:*");
    spy.on("pmessage", (_pattern, _channel, text: string) => announced.push(text));

    const listener = await listen(other.url);
    const told = await postAnalyzed(one, 2);
    await heard(listener, told);
    await vi.waitFor(() => {
      expect(announced).toContain("2");
    });
    expect(announced.every((text) => /^\d+$/.test(text))).toBe(true);

    proxy.cut();
    told.push(...(await postAnalyzed(one, 2)));
    await heard(listener, told);

    await proxy.restore();
    await vi.waitFor(async () => {
      announced.length = 0;
      told.push(...(await postAnalyzed(one, 1)));
      await heard(listener, told);
      expect(announced).toContain(String(told.length));
    }, 20_000);

    await listener.leave();
    await one.stop();
    await other.stop();
    spy.disconnect();
    proxy.cut();
    await database.drop();
  });
});

describe("an instance whose Redis was never there", () => {
  it("starts, stores and tells", async () => {
    const service = await startService({ REDIS_URL: "redis://127.0.0.1:1" });
    const listener = await listen(service.url);
    await heard(listener, await postAnalyzed(service, 2));
    await listener.leave();
    await service.stop();
  });
});

describe("the fan-out", () => {
  it("keeps nothing of a subscriber that has left, without any event", async () => {
    const service = await startService();
    const after = await cursorNow(service);
    expect(after).not.toBe("");
    const database = await Database.open(service.config.database, 2);
    const bufferBytes = 1_000;
    const fanOut = new FanOut(
      new FeedReader(database),
      new SessionReader(database),
      bufferBytes,
      new Metrics().feed,
      createLogger("silent"),
    );
    fanOut.start(beginning);
    const interest = { scope: everything, kinds: ["ANALYZED"] as const, filter: {} };
    const subscribers = ["a", "a", "b"].map((key) =>
      fanOut.subscribe({ key, interest, render: () => Promise.resolve(undefined) }, undefined, {
        send: () => undefined,
        backlog: 0,
        transport: "websocket",
      }),
    );
    expect(fanOut.open.websocket).toBe(3);
    for (const subscriber of subscribers) subscriber.end();
    expect(fanOut.open.websocket).toBe(0);
    await Promise.all(subscribers.map(({ ended }) => ended));
    await fanOut.stop();
    await database.close();
    await service.stop();
  });

  it("makes one message for all who are told the same, however many they are", async () => {
    const service = await startService();
    const database = await Database.open(service.config.database, 2);
    const fanOut = new FanOut(
      new FeedReader(database),
      new SessionReader(database),
      1_000,
      new Metrics().feed,
      createLogger("silent"),
    );
    fanOut.start(beginning);
    const interest = { scope: everything, kinds: ["ANALYZED"] as const, filter: {} };
    let made = 0;
    const sent: number[] = [];
    const render = ({ position, epoch }: FeedPlace) => {
      made += 1;
      return Promise.resolve({ position, epoch, cursor: String(position), json: Buffer.from("{}") });
    };
    for (let index = 0; index < 50; index += 1) {
      const send = (messages: readonly { position: number }[]) => {
        sent.push(...messages.map(({ position }) => position));
      };
      const sink = { send, backlog: 0, transport: "websocket" } as const;
      fanOut.subscribe({ key: "same", interest, render }, undefined, sink);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    await postAnalyzed(service, 1);
    await vi.waitFor(() => {
      // An announcement that is ahead of the feed is a hint like others.
      fanOut.lookFor(1_000);
      expect(sent).toHaveLength(50);
    });
    expect(made).toBe(1);
    await fanOut.stop();
    await database.close();
    await service.stop();
  });
});

/** Stands between the service and Redis, so that Redis can go away and come back. */
class Proxy {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private server: Server,
    private readonly target: URL,
    private readonly port: number,
  ) {}

  static async start(target: URL): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const proxy = new Proxy(server, target, (server.address() as AddressInfo).port);
    proxy.serve();
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  cut(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  async restore(): Promise<void> {
    this.server = createServer();
    this.serve();
    await new Promise<void>((resolve) => {
      this.server.listen(this.port, "127.0.0.1", resolve);
    });
  }

  private serve(): void {
    this.server.on("connection", (socket) => {
      const onward = connect(Number(this.target.port), this.target.hostname);
      for (const end of [socket, onward]) {
        this.sockets.add(end);
        end.on("error", () => undefined);
        end.once("close", () => {
          this.sockets.delete(end);
          socket.destroy();
          onward.destroy();
        });
      }
      socket.pipe(onward).pipe(socket);
    });
  }
}
