export type { RetryOptions } from "./backoff.js";
export { type Client, type ClientOptions, createClient, type QueryOptions } from "./client.js";
export { typed, type TypedDocument } from "./document.js";
export {
  ConnectionLostError,
  type FieldError,
  GraphqlError,
  type GraphqlErrorItem,
  isCursorExpired,
  isPassing,
  isUnauthenticated,
} from "./errors.js";
export type { LiveOptions, LiveState } from "./live.js";
export * from "./operations.js";
export type { PageOrEvent, QueryThenLiveOptions } from "./query-then-live.js";
export { type CursorStore, storedIn, type TextStorage } from "./store.js";
export type { TokenSource } from "./tokens.js";
