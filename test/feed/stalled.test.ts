import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { updateRow } from "../../src/store/sql/statements.js";
import { sessions } from "../../src/store/sql/tables.js";
import { onDatabase } from "../support/callers.js";
import { startService, type TestService } from "../support/service.js";
import { heard, inDatabase, listen, type Listener, postAnalyzed } from "../support/listening.js";
import { metric } from "../support/metrics.js";

const bufferBytes = 4_096;
/**
 * Each event told with its transcript is this large: sixty are far more than the system keeps for a reader
 * who sleeps.
 */
const transcriptBytes = 200_000;
const events = 60;
const others = 50;
const operation = "subscription { sessionAnalyzed { cursor session { chatTranscript } } }";

describe("a subscriber that does not read", () => {
  const connections = new Map<number, Connection>();
  const accept = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    connections.set(socket.remotePort ?? 0, new Connection(socket));
  };
  beforeEach(() => {
    subscribe("net.server.socket", accept);
  });
  afterEach(() => {
    unsubscribe("net.server.socket", accept);
    connections.clear();
  });

  /** A service with a session that is large, fifty subscribers who read, and one who does not. */
  async function setUp(stallSeconds: number) {
    const service = await startService({
      SUBSCRIPTION_BUFFER_BYTES: String(bufferBytes),
      SUBSCRIPTION_STALL_SECONDS: String(stallSeconds),
    });
    const [sessionId = ""] = await postAnalyzed(service, 1);
    const transcript = "x".repeat(transcriptBytes);
    await onDatabase(service.database, (database) =>
      database.transaction((transaction) =>
        updateRow(transaction, sessions, { id: sessionId }, { chatTranscript: transcript }),
      ),
    );
    const listeners = await Promise.all(Array.from({ length: others }, () => listen(service.url)));
    const sleeper = await Sleeper.fallAsleep(service);
    const stop = async () => {
      sleeper.leave();
      for (const listener of listeners) await listener.leave();
      await service.stop();
    };
    return { service, sessionId, listeners, sleeper, stop };
  }

  /**
   * Tells all of the same session again and again: the others must hear of each time. @returns its cursors
   */
  async function tellOthers(
    service: TestService,
    sessionId: string,
    listeners: readonly Listener[],
  ): Promise<readonly string[]> {
    await inDatabase(service, ...tellAgain(sessionId, events));
    const expected = Array.from({ length: events }, () => sessionId);
    for (const listener of listeners) await heard(listener, expected);
    const [first] = listeners;
    for (const listener of listeners) expect(listener.events).toEqual(first?.events);
    return first?.events.map(({ cursor }) => cursor) ?? [];
  }

  /** What has waited for it at most: its buffer, and the one event that filled it. */
  function expectBounded({ port }: Sleeper): void {
    const greatest = connections.get(port)?.greatest ?? 0;
    expect(greatest).toBeGreaterThan(bufferBytes);
    expect(greatest).toBeLessThan(bufferBytes + transcriptBytes + 1_000);
  }

  it("holds nobody up, keeps no more in memory than its buffer, and is let go with the reason", async () => {
    const { service, sessionId, listeners, sleeper, stop } = await setUp(1);
    const stream = await fetch(
      `${service.url}/graphql/stream?${new URLSearchParams({ query: operation }).toString()}`,
    );
    const streamed = countEvents(stream);
    const cursors = await tellOthers(service, sessionId, listeners);
    await vi.waitFor(() => {
      expect(streamed.count).toBe(events);
    }, 20_000);
    // It is no subscriber any more, before it has read anything.
    await vi.waitFor(async () => {
      expect(await metric(service.url, "graphql_subscriptions_open")).toBe(others + 1);
    }, 20_000);
    expect(sleeper.cursors).toEqual([]);
    sleeper.wake();
    expect(await sleeper.closed).toEqual([4008, expect.stringContaining("resume from its last cursor")]);
    expectBounded(sleeper);
    expect(sleeper.cursors.length).toBeLessThan(events);
    expect(sleeper.cursors).toEqual(cursors.slice(0, sleeper.cursors.length));
    await stop();
    await streamed.end;
  });

  it("is told all it is owed, once and in order, if it reads again in time", async () => {
    const { service, sessionId, listeners, sleeper, stop } = await setUp(600);
    const cursors = await tellOthers(service, sessionId, listeners);
    expect(sleeper.cursors).toEqual([]);
    sleeper.wake();
    await vi.waitFor(() => {
      expect(sleeper.cursors).toEqual(cursors);
    }, 20_000);
    expectBounded(sleeper);
    await postAnalyzed(service, 1);
    await vi.waitFor(() => {
      const all = listeners[0]?.events.map(({ cursor }) => cursor);
      expect(all).toHaveLength(events + 1);
      expect(sleeper.cursors).toEqual(all);
    }, 20_000);
    await stop();
  });
});

/** A connection as the service sees it. */
class Connection {
  /** The most bytes that have waited for it in this process. */
  greatest = 0;

  constructor(socket: Socket) {
    const write = socket.write.bind(socket) as (...chunk: unknown[]) => boolean;
    socket.write = (...chunk: unknown[]) => {
      const isTaken = write(...chunk);
      this.greatest = Math.max(this.greatest, socket.writableLength);
      return isTaken;
    };
  }
}

/** Subscribes over a WebSocket, and takes nothing from its TCP socket until it is woken. */
class Sleeper {
  readonly cursors: string[] = [];
  readonly closed: Promise<[number, string]>;

  private constructor(
    private readonly socket: WebSocket,
    /** Its own port, by which the service's side of the connection is found. */
    readonly port: number,
  ) {
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        resolve([code, reason.toString()]);
      });
    });
    socket.on("message", (data: Buffer) => {
      this.cursors.push(/"cursor":"([^"]+)"/.exec(data.toString())?.[1] ?? "");
    });
  }

  static async fallAsleep(service: TestService): Promise<Sleeper> {
    const socket = new WebSocket(`${service.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    let port = 0;
    socket.once("upgrade", (response) => {
      port = response.socket.localPort ?? 0;
    });
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send('{"type":"connection_init"}');
    await new Promise((resolve) => socket.once("message", resolve));
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: operation } }));
    // The answer to a later operation says that the subscription is taken.
    socket.send(JSON.stringify({ id: "2", type: "subscribe", payload: { query: "{ __typename }" } }));
    await new Promise((resolve) => socket.once("message", resolve));
    socket.pause();
    return new Sleeper(socket, port);
  }

  wake(): void {
    this.socket.resume();
  }

  leave(): void {
    this.socket.terminate();
  }
}

function countEvents(stream: Response): { readonly count: number; readonly end: Promise<void> } {
  const counted = { count: 0, end: Promise.resolve() };
  const read = async () => {
    let rest = "";
    for await (const chunk of stream.body as AsyncIterable<Uint8Array>) {
      const pieces = (rest + new TextDecoder().decode(chunk)).split("event: next\n");
      counted.count += pieces.length - 1;
      // The next one may have begun already.
      rest = pieces.at(-1)?.slice(-"event: next".length) ?? "";
    }
  };
  counted.end = read().catch(() => undefined);
  return counted;
}

/** Feed entries as a change would leave them; the assigner numbers them at its next poll. */
function tellAgain(sessionId: string, times: number): string[] {
  return Array.from(
    { length: times },
    (_, n) => `INSERT INTO session_feed (event_id, position, organization_id, session_id, kind, received_at)
      SELECT '00000000-0000-7000-8000-${String(n).padStart(12, "0")}', NULL, organization_id, id, 'ANALYZED', received_at
      FROM sessions WHERE id = '${sessionId}'`,
  );
}
