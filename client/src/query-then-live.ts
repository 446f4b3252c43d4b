import { Backoff, type RetryOptions } from "./backoff.js";
import { GraphqlError, isCursorExpired, isPassing } from "./errors.js";
import { isAborted } from "./is-aborted.js";
import type { LiveOptions } from "./live.js";

/** A page as it was queried, or one event after it. */
export type PageOrEvent<Page, Event> =
  { readonly kind: "page"; readonly page: Page } | { readonly kind: "event"; readonly event: Event };

/** Options of a page that is followed. */
export type QueryThenLiveOptions = Pick<LiveOptions, "signal" | "onState">;

interface Parts<Page, Event> {
  readonly page: (signal: AbortSignal) => Promise<Page>;
  readonly live: (options: LiveOptions) => AsyncGenerator<Event, void>;
  readonly retry: RetryOptions | undefined;
}

/** A page, everything after it, and a page anew where the feed does not go on. */
export async function* queryThenLive<Page, Event>(
  { page: ask, live, retry }: Parts<Page, Event>,
  { signal, onState }: QueryThenLiveOptions & { readonly signal: AbortSignal },
): AsyncGenerator<PageOrEvent<Page, Event>, void> {
  const backoff = new Backoff(retry);
  while (!signal.aborted) {
    try {
      onState?.("connecting");
      const page = await ask(signal);
      const from = eventCursorOf(page);
      backoff.works();
      yield { kind: "page", page };
      const following = { from, signal, ...(onState && { onState }) };
      for await (const event of live(following)) {
        backoff.reset();
        yield { kind: "event", event };
      }
    } catch (error) {
      if (isAborted(signal)) return;
      // Where the feed does not go on, clients are told so together: they ask for pages one after another.
      if (!isPassing(error) && !isCursorExpired(error)) throw error;
      onState?.("waiting", error);
      await backoff.wait(signal, error instanceof GraphqlError ? error.retryAfterSeconds : undefined);
    }
  }
}

function eventCursorOf(page: unknown): string {
  for (const part of Object.values((page ?? {}) as Record<string, unknown>)) {
    const { eventCursor } = (part ?? {}) as { eventCursor?: unknown };
    if (typeof eventCursor === "string") return eventCursor;
  }
  throw new Error("The page must select `eventCursor`, or it could not be followed.");
}
