/** Where the last cursor is kept: `localStorage` in a browser, a file or a table elsewhere. */
export interface CursorStore {
  read(): string | null;
  write(cursor: string): void;
  forget(): void;
}

/**
 * A cursor in the browser: it outlives the page, so a frontend that was closed for a weekend hears what it
 * missed.
 */
export function storedIn(
  storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  },
  key: string,
): CursorStore {
  return {
    read: () => storage.getItem(key),
    write: (cursor) => {
      storage.setItem(key, cursor);
    },
    forget: () => {
      storage.removeItem(key);
    },
  };
}

/**
 * How a client library subscribes: it calls `next` for each event and `ended` once, with the error or
 * without. @returns how to leave
 */
export type Subscribe<Event> = (
  after: string | null,
  next: (event: Event) => void,
  ended: (error?: unknown) => void,
) => () => void;

export interface ResumeOptions<Event> {
  readonly store: CursorStore;
  readonly subscribe: Subscribe<Event>;
  /**
   * Called once for each event, in order. The cursor is stored after it returns: what it did not finish comes
   * again.
   */
  readonly onEvent: (event: Event) => void;
  /**
   * The cursor is older than the service's retention: load the list anew; the subscription goes on from now.
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
  const { store, subscribe, onEvent, onExpired, retryMilliseconds = 1_000 } = options;
  let leave: (() => void) | undefined;
  let hasLeft = false;
  const begin = () => {
    if (hasLeft) return;
    let isOver = false;
    leave = subscribe(
      store.read(),
      (event) => {
        if (hasLeft || isOver) return;
        onEvent(event);
        store.write(event.cursor);
      },
      (error) => {
        // Some libraries report an end twice: as an error, and as completion.
        if (isOver) return;
        isOver = true;
        if (hasExpired(error)) {
          store.forget();
          onExpired();
        }
        setTimeout(begin, retryMilliseconds);
      },
    );
  };
  begin();
  return () => {
    hasLeft = true;
    leave?.();
  };
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
