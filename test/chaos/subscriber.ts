import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";
import {
  type Client,
  feedEndQuery,
  GraphqlError,
  sessionEventsSubscription,
  type SessionEventType,
} from "../../client/src/index.js";
import { token } from "../support/callers.js";
import { clientOf, type Way, ways } from "../support/client-kit.js";
import { languages } from "./writers.js";

/** An entry of the feed, as the database holds it. */
export interface Entry {
  readonly kind: string;
  readonly sessionId: string;
  /** Of the session; it never changes, so a filter by it means the same at any time. */
  readonly language: string;
}

type Heard = Omit<Entry, "language">;

/** Twice what an instance is told to be silent for, so that a connection that stalls is given up soon. */
const stallMilliseconds = 2_000;
const claims = { organizations: "all", role: "reader" };

/** The client for frontends, with tokens that it must renew all the time. */
function newClient(url: string, way: Way): Client {
  return clientOf(url, way, { stallMilliseconds, token: () => token(claims, { expires: "6s" }) });
}

/** How long a replica may lack the tables that the primary has. */
const longestLag = 60_000;

/** Where the feed begins, as soon as clients can read it. */
async function firstCursor(url: string): Promise<string> {
  const client = newClient(url, "event-stream");
  const deadline = Date.now() + longestLag;
  for (;;) {
    const sessions = await client.query(feedEndQuery).then(
      (data) => data.sessions,
      () => null,
    );
    if (sessions !== null) {
      client.close();
      return sessions.eventCursor;
    }
    if (Date.now() > deadline) throw new Error("The end of the feed could not be read.");
    await delay(200);
  }
}

/** All subscribers. */
export class Audience {
  private constructor(private readonly subscribers: readonly Subscriber[]) {}

  static async gather(count: number, urls: readonly string[]): Promise<Audience> {
    const eventCursor = await firstCursor(urls[0] ?? "");
    return new Audience(
      Array.from({ length: count }, (_, n) => new Subscriber(urls, ways[n % ways.length], eventCursor)),
    );
  }

  /** How often one left of its own accord, or lost its connection. */
  get reconnects(): number {
    return this.subscribers.reduce((sum, { reconnects }) => sum + reconnects, 0);
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
        // Of these only those who ask for them are told.
        return (rows as unknown as Entry[]).filter(({ kind }) => kind !== "OVERDUE");
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
    const deadline = Date.now() + 40_000;
    const isDone = () => this.subscribers.every((each) => each.heard.length >= each.expected(feed).length);
    while (!isDone() && Date.now() < deadline) await delay(100);
    await delay(1_500);
    return this.subscribers.flatMap((subscriber, index) => {
      subscriber.leave();
      const refused = [...subscriber.refused].map((code) => `Subscriber ${index} was told ${code}.`);
      const expected = subscriber.expected(feed);
      const at = subscriber.heard.findIndex(
        ({ kind, sessionId }, n) => kind !== expected[n]?.kind || sessionId !== expected[n].sessionId,
      );
      if (at === -1 && subscriber.heard.length === expected.length) return refused;
      return [
        ...refused,
        `Subscriber ${index} heard ${subscriber.heard.length} of ${expected.length} events; the first difference is at ${at}.`,
      ];
    });
  }
}

/**
 * Subscribes at any instance, leaves or is left, and goes on at another from what its store holds. What goes
 * wrong meanwhile is for the client to mend: it throws only where trying again is of no use.
 */
class Subscriber {
  readonly heard: Heard[] = [];
  reconnects = 0;
  /** What its clients threw: nothing, as nothing that was committed is lost. */
  readonly refused = new Set<string>();
  private readonly wish = {
    types: pick<SessionEventType>(["STARTED", "ENDED", "ANALYZED"]),
    languages: pick(languages),
  };
  private readonly store = {
    read: () => this.cursor,
    write: (cursor: string) => {
      this.cursor = cursor;
    },
  };
  private isCalm = false;
  private readonly left = new AbortController();

  constructor(
    private readonly urls: readonly string[],
    private readonly way: Way = "websocket",
    private cursor: string,
  ) {
    void this.listen();
  }

  expected(feed: readonly Entry[]): readonly Entry[] {
    const { types, languages: wanted } = this.wish;
    const kinds: readonly string[] = types;
    return feed.filter(({ kind, language }) => kinds.includes(kind) && wanted.includes(language));
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
      const url = this.urls[Math.floor(Math.random() * this.urls.length)] ?? "";
      const client = newClient(url, this.way);
      const patience = AbortSignal.timeout(this.isCalm ? 60_000 : randomInt(200, 10_000));
      await this.hear(client, patience).catch((error: unknown) => {
        this.refused.add(error instanceof GraphqlError ? error.code : String(error));
      });
      client.close();
      this.reconnects += 1;
      await delay(Math.random() * 300);
    }
  }

  /** One that leaves may do so between two events, or with one in hand, which is to come again. */
  private async hear(client: Client, patience: AbortSignal): Promise<void> {
    const { types, languages: wanted } = this.wish;
    const leavesAtOnce = Math.random() < 0.5;
    const events = client.live(
      sessionEventsSubscription,
      { types, filter: { language: { in: wanted } } },
      {
        store: this.store,
        signal: leavesAtOnce ? AbortSignal.any([patience, this.left.signal]) : this.left.signal,
        onState: (state) => {
          if (state === "waiting") this.reconnects += 1;
        },
      },
    );
    for await (const { sessionEvents } of events) {
      if (patience.aborted) return;
      this.heard.push({ kind: sessionEvents.type, sessionId: sessionEvents.session.id });
    }
  }
}

/** Some of them, at least one. */
function pick<Value>(values: readonly Value[]): readonly Value[] {
  const some = values.filter(() => Math.random() < 0.6);
  return some.length > 0 ? some : values;
}
