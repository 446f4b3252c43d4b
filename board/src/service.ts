import { type Client, createClient } from "conversation-agent-client";

/** Where the key is kept: as long as the tab is open. */
const keyName = "conversation-agent-key";

/**
 * The whole address of a path of the service, which is relative to our own page: both may be below a prefix.
 */
export function urlOf(path: string): string {
  return new URL(path, new URL(".", window.location.href.replace(/[?#].*$/, ""))).href;
}

/** The key that was pasted into this tab. */
export function heldKey(): string | undefined {
  return sessionStorage.getItem(keyName) ?? undefined;
}

/** Keeps a key for this tab; undefined forgets it. */
export function holdKey(key: string | undefined): void {
  if (key === undefined) sessionStorage.removeItem(keyName);
  else sessionStorage.setItem(keyName, key);
}

/** The service, as one key may read it. */
export class Service {
  readonly client: Client;
  /** How far the service's clock is ahead of ours, in milliseconds, to the second. */
  private ahead = 0;

  constructor(private readonly key: string | undefined) {
    this.client = createClient({
      url: urlOf("graphql"),
      ...(key !== undefined && { token: key }),
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        this.compareClocks(response.headers.get("Date"));
        return response;
      },
    });
  }

  /** Now, in milliseconds, by the service's clock. */
  now(): number {
    return Date.now() + this.ahead;
  }

  /** Reads or exports outside GraphQL. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.key !== undefined) headers.set("Authorization", `Bearer ${this.key}`);
    return await fetch(urlOf(path), { ...init, headers });
  }

  private compareClocks(date: string | null): void {
    const theirs = Date.parse(date ?? "");
    if (Number.isNaN(theirs)) return;
    const difference = theirs - Date.now();
    // The header tells whole seconds, and travels: less than this is no difference.
    this.ahead = Math.abs(difference) < 2_000 ? 0 : difference;
  }
}
