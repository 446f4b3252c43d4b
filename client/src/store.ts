/** Where the cursor of the last event is kept: one store for each subscription. */
export interface CursorStore {
  /** @returns null where there is none yet */
  read(): string | null | Promise<string | null>;
  /** Called once an event has been handled, which is when the next one is asked for. */
  write(cursor: string): void | Promise<void>;
}

/** The part of `localStorage` and `sessionStorage` that is used. */
export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * Keeps a cursor in the browser, so that a page that was closed hears what it missed.
 * @param key another one for each subscription
 */
export function storedIn(storage: TextStorage, key: string): CursorStore {
  return {
    read: () => storage.getItem(key),
    write: (cursor) => {
      storage.setItem(key, cursor);
    },
  };
}
