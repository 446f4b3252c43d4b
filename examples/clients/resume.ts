/** Where the last cursor is kept: `localStorage` in a browser, a file or a table elsewhere. */
export interface CursorStore {
  read(): string | null;
  write(cursor: string): void;
}

/**
 * A cursor in the browser: it outlives the page, so a frontend that was closed for a weekend hears what it
 * missed.
 */
export function storedIn(
  storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
  },
  key: string,
): CursorStore {
  return {
    read: () => storage.getItem(key),
    write: (cursor) => {
      storage.setItem(key, cursor);
    },
  };
}

/**
 * How a client library subscribes: it calls `next` for each event and `ended` once, with the error or
 * without. @returns how to leave
 */
export type Subscribe<Event> = (
  after: string,
  next: (event: Event) => void,
  ended: (error?: unknown) => void,
) => () => void;

export interface ResumeOptions<Event> {
  readonly store: CursorStore;
  /** Asks for the end of the feed: where to begin without a cursor. See {@link findEndAt}. */
  readonly findEnd: () => Promise<string>;
  readonly subscribe: Subscribe<Event>;
  /**
   * Called once for each event, in order. The cursor is stored after it returns: what it did not finish comes
   * again.
   */
  readonly onEvent: (event: Event) => void;
  /**
   * The cursor is older than the service's retention: load the list anew; the subscription goes on from just
   * before this call.
   */
  readonly onExpired: () => void;
  /** The wait before subscribing again after the connection was lost. */
  readonly retryMilliseconds?: number;
}

/**
 * Subscribes, stores the cursor of each event, and goes on from it by itself: after a lost connection, a
 * restart of the service, or of this program. @returns how to leave
 */
export function resume<Event extends { readonly cursor: string }>(options: ResumeOptions<Event>): () => void {
  const { store, findEnd, subscribe, onEvent, onExpired, retryMilliseconds = 1_000 } = options;
  let leave: (() => void) | undefined;
  let hasLeft = false;
  let isExpired = false;
  const beginLater = () => {
    setTimeout(() => {
      if (!hasLeft) void begin();
    }, retryMilliseconds);
  };
  const begin = async () => {
    let after = isExpired ? null : store.read();
    if (after === null) {
      after = await findEnd().catch(() => null);
      if (after === null) {
        beginLater();
        return;
      }
      // It may have been left meanwhile.
      if (hasLeft) return;
      if (isExpired) onExpired();
      isExpired = false;
      // What comes after it is not missed, though the connection is lost before the first event.
      store.write(after);
    }
    let isOver = false;
    leave = subscribe(
      after,
      (event) => {
        if (hasLeft || isOver) return;
        onEvent(event);
        store.write(event.cursor);
      },
      (error) => {
        // Some libraries report an end twice: as an error, and as completion.
        if (isOver) return;
        isOver = true;
        leave?.();
        isExpired = hasExpired(error);
        beginLater();
      },
    );
  };
  void begin();
  return () => {
    hasLeft = true;
    leave?.();
  };
}

/** Asks for the end of the feed. @param url such as `ws://localhost:4000/graphql` */
export async function findEndAt(url: string): Promise<string> {
  const response = await fetch(url.replace(/^ws/, "http"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: "{ sessions(first: 1) { eventCursor } }" }),
  });
  const { data } = (await response.json()) as { data: { sessions: { eventCursor: string } } };
  return data.sessions.eventCursor;
}

/** Client libraries wrap errors differently; the code is the same in all of them. */
function hasExpired(error: unknown): boolean {
  const { errors, graphQLErrors, extensions } = (error ?? {}) as {
    errors?: unknown[];
    graphQLErrors?: unknown[];
    extensions?: { code?: unknown };
  };
  if (extensions?.code === "CURSOR_EXPIRED") return true;
  const inner = Array.isArray(error) ? (error as unknown[]) : (errors ?? graphQLErrors ?? []);
  return inner.some(hasExpired);
}
