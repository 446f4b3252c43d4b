import type { FeedPlace } from "../events/feed-place.js";

/** What subscribers of one group are told of one entry: the same bytes for all of them. */
export interface Message extends FeedPlace {
  readonly cursor: string;
  /** The GraphQL result as JSON, without line breaks. */
  readonly json: Buffer;
}

/** Where a subscriber's messages go: a WebSocket, an HTTP response. */
export interface Sink {
  /** For metrics. */
  readonly transport: "websocket" | "event_stream";
  /** Hands over, together if there are several, and returns at once. */
  send(messages: readonly Message[]): void;
  /** Bytes handed over that have not left this process yet. */
  readonly backlog: number;
}
