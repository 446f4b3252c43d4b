import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { expect, vi } from "vitest";
import { WebSocket } from "ws";
import { Database } from "../../src/store/database.js";
import { type Payload, sample, type SampleName, type TestService } from "./service.js";

export interface HeardEvent {
  readonly cursor: string;
  readonly type: string;
  readonly session: { readonly id: string; readonly userSentiment: string | null };
}

/** A subscription over WebSocket and all it has heard so far. */
export interface Listener {
  readonly events: readonly HeardEvent[];
  readonly sessionIds: readonly string[];
  readonly lastCursor: string | undefined;
  /** What ended it, where it was not left. */
  readonly failure: unknown;
  leave(): Promise<void>;
}

export interface Wish {
  readonly filter?: object;
  readonly types?: readonly string[];
  readonly after?: string | undefined;
}

const operation = `subscription ($types: [SessionEventType!], $filter: SessionFilter, $after: Cursor) {
  sessionEvents(types: $types, filter: $filter, after: $after) { cursor type session { id userSentiment } }
}`;

const headReadMilliseconds = 200;

/** Subscribes with graphql-ws; returns once the service has taken the subscription. */
export async function listen(url: string, wish: Wish = {}): Promise<Listener> {
  const client = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => undefined,
  });
  const events: HeardEvent[] = [];
  const state: { failure: unknown } = { failure: undefined };
  const variables = { types: wish.types ?? null, filter: wish.filter ?? null, after: wish.after ?? null };
  const unsubscribe = client.subscribe<{ sessionEvents: HeardEvent }>(
    { query: operation, variables },
    {
      next: ({ data, errors }) => {
        if (data) events.push(data.sessionEvents);
        else state.failure = errors;
      },
      error: (error) => {
        state.failure = error;
      },
      complete: () => undefined,
    },
  );
  // Operations of one socket are taken in order: the answer to a later one says that the subscription is
  // taken.
  await client.iterate({ query: "{ sessions(first: 1) { eventCursor } }" }).next();
  // One that listens from now on has still to read the feed's head, on a connection that may be a new one.
  if (wish.after === undefined) await delay(headReadMilliseconds);
  return {
    events,
    get sessionIds() {
      return events.map(({ session }) => session.id);
    },
    get lastCursor() {
      return events.at(-1)?.cursor;
    },
    get failure() {
      return state.failure;
    },
    leave: async () => {
      unsubscribe();
      await client.dispose();
    },
  };
}

/** An event of a session of its own. */
export async function newEvent(
  name: SampleName = "analyzed",
  data: Record<string, unknown> = {},
): Promise<Payload> {
  const payload = await sample(name);
  payload.request_id = randomUUID();
  payload.data = { ...payload.data, id: randomUUID(), messages: [], ...data };
  return payload;
}

/** Posts events one after another, each stored before the next. @returns the ids of their sessions */
export async function post(service: TestService, events: readonly Payload[]): Promise<string[]> {
  for (const event of events) expect((await service.post(event)).status).toBe(200);
  return events.map(({ data }) => String(data.id));
}

/** Posts as many analyzed sessions. @returns their ids, in order */
export async function postAnalyzed(service: TestService, count: number): Promise<string[]> {
  const events = await Promise.all(Array.from({ length: count }, () => newEvent()));
  return await post(service, events);
}

/** Waits until a listener has heard of exactly these sessions, in this order. */
export async function heard(listener: Listener, sessionIds: readonly string[]): Promise<void> {
  await vi.waitFor(
    () => {
      expect(listener.sessionIds).toEqual(sessionIds);
    },
    { timeout: 15_000, interval: 20 },
  );
}

/** A cursor at the feed's end. */
export async function cursorNow(service: TestService): Promise<string> {
  const { data } = await service.query<{ sessions: { eventCursor: string } }>("{ sessions { eventCursor } }");
  return data.sessions.eventCursor;
}

/** Changes the service's database behind its back. */
export async function inDatabase(service: TestService, ...statements: string[]): Promise<void> {
  const database = await Database.open(service.config.database, 2);
  try {
    await database.transaction(async (transaction) => {
      for (const statement of statements) await transaction.execute(statement);
    });
  } finally {
    await database.close();
  }
}
