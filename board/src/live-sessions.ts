import {
  type LiveState,
  sessionEventsSubscription,
  type SessionFilter,
  sessionsQuery,
  type SessionsPage,
  type SessionSummary,
} from "conversation-agent-client";
import { Changes } from "./changes.js";
import type { Service } from "./service.js";

/** A list of sessions as it is shown. */
export interface SessionsState {
  readonly rows: readonly SessionSummary[];
  readonly isLoaded: boolean;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly isPaused: boolean;
  /** Sessions that came or changed since the list was paused. */
  readonly held: number;
  readonly state: LiveState;
  readonly error: unknown;
}

const pageSize = 50;
/** Rows beyond this are dropped at the end as others arrive; they can be loaded again. */
const mostRows = 500;

/** The sessions of a filter, the newest first, with those that arrive. */
export class LiveSessions extends Changes<SessionsState> {
  private readonly left = new AbortController();
  private readonly waiting = new Map<string, SessionSummary>();
  private cursor: string | null = null;
  private current: SessionsState = {
    rows: [],
    isLoaded: false,
    hasMore: false,
    isLoadingMore: false,
    isPaused: false,
    held: 0,
    state: "connecting",
    error: undefined,
  };

  constructor(
    private readonly service: Service,
    private readonly filter: SessionFilter | undefined,
  ) {
    super();
    void this.follow();
  }

  close(): void {
    this.left.abort();
  }

  /** Leaves the list as it is until it is told otherwise. */
  pause(): void {
    this.set({ isPaused: true });
  }

  resume(): void {
    this.set({ isPaused: false });
    this.showHeld();
  }

  /** Shows what came meanwhile; the list stays paused. */
  showHeld(): void {
    for (const session of this.waiting.values()) this.show(session);
    this.waiting.clear();
    this.set({ held: 0 });
  }

  async loadMore(): Promise<void> {
    this.set({ isLoadingMore: true });
    try {
      const variables = { ...this.variables(), after: this.cursor };
      const { sessions } = await this.service.client.query(sessionsQuery, variables, {
        signal: this.left.signal,
      });
      if (sessions === null) throw new Error("The sessions could not be read.");
      const known = new Set(this.current.rows.map(({ id }) => id));
      this.cursor = sessions.pageInfo.endCursor;
      this.set({
        rows: [...this.current.rows, ...sessions.nodes.filter(({ id }) => !known.has(id))],
        hasMore: sessions.pageInfo.hasNextPage,
        error: undefined,
      });
    } catch (error) {
      if (!this.left.signal.aborted) this.set({ error });
    } finally {
      this.set({ isLoadingMore: false });
    }
  }

  protected draw(): SessionsState {
    return this.current;
  }

  private set(change: Partial<SessionsState>): void {
    this.current = { ...this.current, ...change };
    this.changed();
  }

  private variables() {
    return { first: pageSize, ...(this.filter && { filter: this.filter }) };
  }

  private async follow(): Promise<void> {
    const { first, ...filter } = this.variables();
    try {
      const parts = this.service.client.queryThenLive(
        [sessionsQuery, { first, ...filter }],
        [sessionEventsSubscription, filter],
        {
          signal: this.left.signal,
          onState: (state, error) => {
            this.set({ state, error });
          },
        },
      );
      for await (const part of parts) {
        if (part.kind === "page") this.begin(part.page.sessions);
        else this.take(part.event.sessionEvents.session);
      }
    } catch (error) {
      this.set({ state: "waiting", error });
    }
  }

  private begin(page: SessionsPage["sessions"]): void {
    this.waiting.clear();
    this.cursor = page?.pageInfo.endCursor ?? null;
    this.set({
      rows: page?.nodes ?? [],
      hasMore: page?.pageInfo.hasNextPage ?? false,
      isLoaded: true,
      held: 0,
    });
  }

  private take(session: SessionSummary): void {
    if (!this.current.isPaused) {
      this.show(session);
      return;
    }
    this.waiting.set(session.id, session);
    this.set({ held: this.waiting.size });
  }

  /** A session that is shown changes in its place; one that is not comes first. */
  private show(session: SessionSummary): void {
    const { rows } = this.current;
    const at = rows.findIndex(({ id }) => id === session.id);
    this.set({ rows: at === -1 ? [session, ...rows].slice(0, mostRows) : rows.with(at, session) });
  }
}
