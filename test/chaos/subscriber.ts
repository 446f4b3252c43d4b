import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { TolerantWebSocket } from "../support/rehearsal/tolerant-web-socket.js";
import { languages } from "./writers.js";

/** An entry of the feed, as the database holds it. */
export interface Entry {
  readonly kind: string;
  readonly sessionId: string;
  /** Of the session; it never changes, so a filter by it means the same at any time. */
  readonly language: string;
}

type Heard = Omit<Entry, "language">;

interface Told {
  readonly sessionEvents: {
    readonly cursor: string;
    readonly type: string;
    readonly session: { id: string };
  };
}

const operation = `subscription ($types: [SessionEventType!], $filter: SessionFilter, $after: Cursor) {
  sessionEvents(types: $types, filter: $filter, after: $after) { cursor type session { id } }
}`;

/** All subscribers. */
export class Audience {
  private constructor(private readonly subscribers: readonly Subscriber[]) {}

  static async gather(count: number, urls: readonly string[]): Promise<Audience> {
    const response = await fetch(`${urls[0] ?? ""}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: "{ sessions { eventCursor } }" }),
    });
    const { data } = (await response.json()) as { data: { sessions: { eventCursor: string } } };
    const subscribers = Array.from({ length: count }, () => new Subscriber(urls, data.sessions.eventCursor));
    return new Audience(subscribers);
  }

  get reconnects(): number {
    return this.subscribers.reduce((sum, { connections }) => sum + connections - 1, 0);
  }

  get heard(): number {
    return this.subscribers.reduce((sum, { heard }) => sum + heard.length, 0);
  }

  /** The whole feed, once all that was delivered is numbered. */
  async readFeed(database: Connection): Promise<Entry[]> {
    for (;;) {
      const [rows] = await database.query<RowDataPacket[]>(
        `SELECT f.position, f.kind, f.session_id AS sessionId, s.language FROM session_feed f
         JOIN sessions s ON s.id = f.session_id ORDER BY f.position IS NULL, f.position`,
      );
      if (rows.every(({ position }) => position !== null)) {
        rows.forEach(({ position }, index) => {
          if (Number(position) !== index + 1)
            throw new Error(`The feed has a gap before ${String(position)}.`);
        });
        return rows as unknown as Entry[];
      }
      await delay(200);
    }
  }

  /**
   * Waits until everybody has heard enough, and a while longer for what should not come. @returns what is
   * wrong
   */
  async compareWith(feed: readonly Entry[]): Promise<string[]> {
    for (const subscriber of this.subscribers) subscriber.calmDown();
    const deadline = Date.now() + 30_000;
    const isDone = () => this.subscribers.every((each) => each.heard.length >= each.expected(feed).length);
    while (!isDone() && Date.now() < deadline) await delay(100);
    await delay(1_500);
    return this.subscribers.flatMap((subscriber, index) => {
      subscriber.leave();
      const expected = subscriber.expected(feed);
      const at = subscriber.heard.findIndex(
        ({ kind, sessionId }, n) => kind !== expected[n]?.kind || sessionId !== expected[n].sessionId,
      );
      if (at === -1 && subscriber.heard.length === expected.length) return [];
      return [
        `Subscriber ${index} heard ${subscriber.heard.length} of ${expected.length} events; the first difference is at ${at}.`,
      ];
    });
  }
}

/** Subscribes at any instance, leaves or is left, and goes on from its last cursor. */
class Subscriber {
  readonly heard: Heard[] = [];
  connections = 0;
  private readonly wish = {
    types: pick(["STARTED", "ENDED", "ANALYZED"]),
    languages: pick(languages),
  };
  private isCalm = false;
  private readonly left = new AbortController();

  constructor(
    private readonly urls: readonly string[],
    private cursor: string,
  ) {
    void this.listen();
  }

  expected(feed: readonly Entry[]): readonly Entry[] {
    const { types, languages: wanted } = this.wish;
    return feed.filter(({ kind, language }) => types.includes(kind) && wanted.includes(language));
  }

  /** From now on it leaves no more of its own accord. */
  calmDown(): void {
    this.isCalm = true;
  }

  leave(): void {
    this.left.abort();
  }

  private async listen(): Promise<void> {
    while (!this.left.signal.aborted) {
      this.connections += 1;
      const url = this.urls[Math.floor(Math.random() * this.urls.length)] ?? "";
      const patience = AbortSignal.timeout(this.isCalm ? 60_000 : randomInt(200, 3_200));
      await this.hearFrom(url, AbortSignal.any([patience, this.left.signal])).catch(() => undefined);
      await delay(Math.random() * 300);
    }
  }

  private async hearFrom(url: string, end: AbortSignal): Promise<void> {
    const client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: TolerantWebSocket,
      retryAttempts: 0,
    });
    const { types, languages: wanted } = this.wish;
    const variables = { types, filter: { language: { in: wanted } }, after: this.cursor };
    const events = client.iterate<Told>({ query: operation, variables });
    end.addEventListener("abort", () => {
      client.terminate();
      void client.dispose();
    });
    try {
      for await (const { data } of events) {
        // What arrives after it has left is not heard: it will come again.
        if (!data || end.aborted) return;
        const { cursor, type, session } = data.sessionEvents;
        this.heard.push({ kind: type, sessionId: session.id });
        this.cursor = cursor;
      }
    } finally {
      await client.dispose();
    }
  }
}

/** Some of them, at least one. */
function pick(values: readonly string[]): string[] {
  const some = values.filter(() => Math.random() < 0.6);
  return some.length > 0 ? some : [...values];
}
