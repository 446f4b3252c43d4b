import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { TolerantWebSocket } from "./tolerant-web-socket.js";

interface Told {
  readonly sessionAnalyzed: { readonly cursor: string; readonly session: { readonly id: string } };
}

interface Page {
  readonly sessions: {
    readonly eventCursor: string;
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

const subscription =
  "subscription ($after: Cursor) { sessionAnalyzed(after: $after) { cursor session { id } } }";
const list = `query ($after: String) {
  sessions(first: 200, after: $after) { eventCursor nodes { id } pageInfo { endCursor hasNextPage } }
}`;
const longestQuery = 30_000;

/**
 * A client as docs/API.md tells one to be: it asks for all sessions, subscribes from there, goes on from its
 * last cursor whenever its connection is lost, and asks anew where it is told CURSOR_EXPIRED.
 */
export class Follower {
  /** How often it was told that its cursor has expired. */
  expired = 0;
  /** Errors that it was told on its subscription, but for an expired cursor. */
  readonly errors: string[] = [];
  private readonly known = new Set<string>();
  private readonly heard = new Set<string>();
  private repetitions = 0;
  private cursor: string | undefined;
  private isAway = false;
  private readonly left = new AbortController();
  private connection = new AbortController();

  /** Resolves once it knows where it begins. */
  readonly begun: Promise<void>;
  private begin!: () => void;

  /** @param readsList false where it wants to hear of new sessions only */
  constructor(
    private readonly url: string,
    private readonly token?: string,
    private readonly readsList = true,
  ) {
    this.begun = new Promise((resolve) => (this.begin = resolve));
    void this.follow();
  }

  /** Leaves, and comes back with the cursor that it has. */
  goAway(): void {
    this.isAway = true;
    this.connection.abort();
  }

  comeBack(): void {
    this.isAway = false;
  }

  leave(): void {
    this.left.abort();
    this.connection.abort();
  }

  knows(sessionId: string): boolean {
    return this.known.has(sessionId) || this.heard.has(sessionId);
  }

  /** What it was told twice, and which of these sessions it was never told of. */
  problems(sessionIds: readonly string[]): string[] {
    const missing = sessionIds.filter((id) => !this.knows(id)).length;
    return [
      ...(missing > 0 ? [`A subscriber never heard of ${missing} of ${sessionIds.length} sessions.`] : []),
      ...(this.repetitions > 0 ? [`A subscriber heard of ${this.repetitions} events twice.`] : []),
    ];
  }

  private async follow(): Promise<void> {
    while (!this.left.signal.aborted) {
      if (!this.isAway) {
        this.connection = new AbortController();
        await this.hear(this.connection.signal).catch((error: unknown) => {
          this.understand(error);
        });
      }
      await delay(100);
    }
  }

  private async hear(end: AbortSignal): Promise<void> {
    if (this.cursor === undefined) await this.askAnew();
    const client = createClient({
      url: `${this.url.replace("http", "ws")}/graphql`,
      webSocketImpl: TolerantWebSocket,
      retryAttempts: 0,
      ...(this.token !== undefined && { connectionParams: { token: this.token } }),
    });
    end.addEventListener("abort", () => {
      client.terminate();
      void client.dispose();
    });
    try {
      const events = client.iterate<Told>({ query: subscription, variables: { after: this.cursor } });
      for await (const { data, errors } of events) {
        if (end.aborted) return;
        if (errors !== undefined) throw errors as unknown;
        if (data) this.take(data);
      }
    } finally {
      await client.dispose();
    }
  }

  private take({ sessionAnalyzed: { cursor, session } }: Told): void {
    this.cursor = cursor;
    if (this.heard.has(session.id)) this.repetitions += 1;
    this.heard.add(session.id);
  }

  /** A lost connection is an Event or an Error; what the service says is a list of errors with codes. */
  private understand(error: unknown): void {
    if (!Array.isArray(error)) return;
    const codes = error.map((each: { extensions?: { code?: unknown } }) => String(each.extensions?.code));
    if (codes.includes("CURSOR_EXPIRED")) {
      this.expired += 1;
      this.cursor = undefined;
    } else this.errors.push(codes.join());
  }

  /** All sessions there are; events from before the list was read may come, too. */
  private async askAnew(): Promise<void> {
    const first = await this.page(null);
    this.known.clear();
    this.heard.clear();
    let page = first;
    for (;;) {
      for (const { id } of page.sessions.nodes) this.known.add(id);
      if (!this.readsList || !page.sessions.pageInfo.hasNextPage) break;
      page = await this.page(page.sessions.pageInfo.endCursor);
    }
    this.cursor = first.sessions.eventCursor;
    this.begin();
  }

  private async page(after: string | null): Promise<Page> {
    const response = await fetch(`${this.url}/graphql`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ query: list, variables: { after } }),
      signal: AbortSignal.timeout(longestQuery),
    });
    const { data } = (await response.json()) as { data?: Page | null };
    if (data?.sessions === undefined) throw new Error("The list of sessions could not be read.");
    return data;
  }
}

/** So many, each of which knows where it begins. */
export async function follow(
  count: number,
  url: string,
  token?: string,
  readsList?: boolean,
): Promise<Follower[]> {
  const followers = Array.from({ length: count }, () => new Follower(url, token, readsList));
  await Promise.all(followers.map(({ begun }) => begun));
  return followers;
}

/** Waits until all followers know of all sessions, or for so many seconds. */
export async function untilComplete(
  followers: readonly Follower[],
  sessionIds: readonly string[],
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  const isComplete = () => followers.every((each) => sessionIds.every((id) => each.knows(id)));
  while (!isComplete() && Date.now() < deadline) await delay(100);
  // A while longer, for what should not come.
  await delay(500);
}
