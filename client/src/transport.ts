import type { GraphqlErrorItem } from "./errors.js";

/** An operation as it is sent. */
export interface OperationRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What the service answers to an operation, or tells as one event of it. */
export interface OperationResult {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlErrorItem[];
}

/** Where a subscription's events go. */
export interface Sink {
  readonly next: (result: OperationResult) => void;
  /** The connection is made, and the subscription is on its way. */
  readonly opened: () => void;
  /** Called once, with why it is over; without an error where the service completed it. */
  readonly ended: (error?: Error) => void;
}

/** A way of subscribing. It does not connect again by itself. */
export interface Transport {
  /** @returns how to leave; nothing is told after that */
  subscribe(request: OperationRequest, sink: Sink): () => void;
}
