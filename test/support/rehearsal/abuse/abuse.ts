import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** Who is abused, and by whom. */
export interface Target {
  readonly url: string;
  /** An API key; undefined where the service has none. */
  readonly token: string | undefined;
}

/** Something that a client does again and again, and should not. */
export interface Abuse {
  readonly name: string;
  /** How often it was done. */
  readonly times: () => number;
  stop(): Promise<void>;
}

/** Does something again and again until it is stopped, whatever comes of it. */
export function repeat(name: string, once: (stopped: AbortSignal) => Promise<unknown>): Abuse {
  const stopped = new AbortController();
  // Many connections wait for it at once.
  setMaxListeners(0, stopped.signal);
  let times = 0;
  const running = (async () => {
    while (!stopped.signal.aborted) {
      await once(stopped.signal).catch(() => undefined);
      times += 1;
      await delay(20);
    }
  })();
  return {
    name,
    times: () => times,
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}

/** The headers of a request of GraphQL. */
export function headersOf({ token }: Target): Record<string, string> {
  return {
    "Content-Type": "application/json",
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
}

/** Waits, but no longer than until it is stopped. */
export async function pause(milliseconds: number, stopped: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal: stopped }).catch(() => undefined);
}
