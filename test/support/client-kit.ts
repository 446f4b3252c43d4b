import { WebSocket } from "ws";
import {
  type Client,
  type ClientOptions,
  createClient,
  type LiveOptions,
  sessionEventsSubscription,
} from "../../client/src/index.js";

/** The ways in which the client subscribes. */
export const ways = ["websocket", "event-stream"] as const;
export type Way = (typeof ways)[number];

/** A client of the packaged kind, with waits short enough for a test. */
export function clientOf(url: string, transport: Way, options: Partial<ClientOptions> = {}): Client {
  return createClient({
    url: `${url}/graphql`,
    transport,
    webSocketImpl: WebSocket,
    retry: { leastMilliseconds: 50, mostMilliseconds: 500 },
    ...options,
  });
}

/** What a client follows, in the background. */
export interface Following {
  readonly sessionIds: readonly string[];
  readonly cursors: readonly string[];
  /** Resolves when it is over, with why if it failed. */
  readonly over: Promise<unknown>;
  leave(): void;
}

/** Follows the events of all sessions, and keeps what it is told. */
export function followEvents(client: Client, options: LiveOptions = {}): Following {
  const left = new AbortController();
  const sessionIds: string[] = [];
  const cursors: string[] = [];
  const follow = async (): Promise<unknown> => {
    try {
      const events = client.live(sessionEventsSubscription, {}, { ...options, signal: left.signal });
      for await (const { sessionEvents } of events) {
        sessionIds.push(sessionEvents.session.id);
        cursors.push(sessionEvents.cursor);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return {
    sessionIds,
    cursors,
    over: follow(),
    leave: () => {
      left.abort();
    },
  };
}
