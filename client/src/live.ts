import { Backoff, type RetryOptions } from "./backoff.js";
import {
  GraphqlError,
  isCursorExpired,
  isPassing,
  isUnauthenticated,
  ConnectionLostError,
} from "./errors.js";
import { eventsOf } from "./event-queue.js";
import { isAborted } from "./is-aborted.js";
import type { CursorStore } from "./store.js";
import type { Tokens } from "./tokens.js";
import type { Transport } from "./transport.js";
import { untilAborted } from "./until-aborted.js";

/**
 * `connecting` until the subscription is on its way, then `live`; `waiting` before the next try after the
 * connection was lost.
 */
export type LiveState = "connecting" | "live" | "waiting";

/** How to follow a subscription. */
export interface LiveOptions {
  /** Where to begin if the store has no cursor; by default at the end of the feed. */
  readonly from?: string | undefined;
  /** Where the last cursor is kept beyond this iteration; by default nowhere. */
  readonly store?: CursorStore;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /**
   * The feed does not go on from the cursor any more: what was missed is to be queried anew. It is called
   * after a wait, as clients are told so together. @returns the cursor to go on from (a page's
   * `eventCursor`); by default the end of the feed. Without this function the iteration throws instead.
   */
  readonly onExpired?: () => string | undefined | Promise<string | undefined>;
  /** Told as often as it changes; with why, where the connection was lost. */
  readonly onState?: (state: LiveState, error?: unknown) => void;
}

/** What following needs of the client. */
export interface LiveParts {
  readonly transport: Transport;
  readonly tokens: Tokens;
  readonly retry: RetryOptions | undefined;
  /** Asks for the end of the feed. */
  readonly findEnd: (signal: AbortSignal) => Promise<string>;
}

/** The operation to follow. */
export interface LiveOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** How often in a row the service may have a fault of its own before it is no passing trouble. */
const mostFaults = 5;

/**
 * Follows a subscription for ever, through lost connections, restarts of the service and new tokens. Each
 * event comes once and in order.
 * @throws GraphqlError where trying again is of no use
 */
export async function* follow<Data>(
  parts: LiveParts,
  { query, variables }: LiveOperation,
  options: LiveOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Data, void> {
  const { transport, tokens, retry, findEnd } = parts;
  const { store, signal, onState } = options;
  const backoff = new Backoff(retry);
  let cursor = options.from;
  let hasStored = store !== undefined;
  let faults = 0;
  let wasRefused = false;
  let hasExpired = false;
  const keep = async (place: string) => {
    cursor = place;
    await store?.write(place);
  };
  while (!signal.aborted) {
    try {
      onState?.("connecting");
      if (hasStored) {
        cursor = (await untilAborted(store?.read(), signal)) ?? cursor;
        hasStored = false;
      }
      if (hasExpired) {
        const next = await untilAborted(options.onExpired?.(), signal);
        hasExpired = false;
        if (next !== undefined) await keep(next);
      }
      if (cursor === undefined) await keep(await findEnd(signal));
      const request = { query, variables: { ...variables, after: cursor } };
      const onOpened = () => {
        // The token was accepted.
        wasRefused = false;
        backoff.works();
        onState?.("live");
      };
      for await (const { data, errors } of eventsOf(transport, request, { signal, onOpened })) {
        const place = cursorOf(data);
        if (place === undefined) throw notAnEvent(errors, data);
        backoff.reset();
        faults = 0;
        cursor = place;
        yield data as Data;
        // The next event is asked for, so this one has been handled.
        await store?.write(place);
      }
      if (isAborted(signal)) return;
      onState?.("waiting");
      await backoff.wait(signal);
    } catch (error) {
      if (isAborted(signal)) return;
      if (isCursorExpired(error)) {
        if (options.onExpired === undefined) throw error;
        cursor = undefined;
        hasExpired = true;
        onState?.("waiting", error);
        await backoff.wait(signal);
        continue;
      }
      if (isUnauthenticated(error) && tokens.canRenew && !wasRefused) {
        wasRefused = true;
        await backoff.wait(signal);
        continue;
      }
      if (error instanceof ConnectionLostError && error.isPlanned) continue;
      faults = error instanceof GraphqlError && error.code === "INTERNAL_SERVER_ERROR" ? faults + 1 : 0;
      if (!isPassing(error) || faults >= mostFaults) throw error;
      onState?.("waiting", error);
      await backoff.wait(signal, error instanceof GraphqlError ? error.retryAfterSeconds : undefined);
    }
  }
}

/** The cursor of an event: that of the operation's only root field, whatever it is called. */
function cursorOf(data: unknown): string | undefined {
  const [event] = Object.values((data ?? {}) as Record<string, unknown>);
  const { cursor } = (event ?? {}) as { cursor?: unknown };
  return typeof cursor === "string" ? cursor : undefined;
}

function notAnEvent(errors: GraphqlError["errors"] | undefined, data: unknown): Error {
  if (errors?.[0] !== undefined) return new GraphqlError(errors, data);
  return new Error("The subscription must select `cursor`, or it could not be resumed.");
}
