import {
  type LiveState,
  sessionEventsSubscription,
  type SessionFilter,
  sessionsQuery,
  type SessionsPage,
  type SessionSummary,
} from "conversation-agent-client";
import { Changes } from "./changes.js";
import type { LiveEvents } from "./live-events.js";
import type { Service } from "./service.js";

/** A list of sessions as it is shown. */
export interface SessionsState {
  readonly rows: readonly SessionSummary[];
  readonly isLoaded: boolean;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly isPaused: boolean;
  /** Sessions that came or changed since the list was paused; more than these where `isMoreHeld`. */
  readonly held: number;
  readonly isMoreHeld: boolean;
  readonly state: LiveState;
  readonly error: unknown;
}

const pageSize = 50;
/** The size of further pages where the first held nothing but what is shown. */
const largePageSize = 200;
/** Once so many rows have arrived on top of those that were asked for, the last ones are dropped. */
const mostArrivals = 500;
/** So many sessions wait while the list is paused. Where more do, the list is read anew when it goes on. */
const mostHeld = 500;

/**
 * So many sessions are kept that are heard of while a page is under way; where more are, it is read anew.
 */
const mostHeard = 5_000;

/** The sessions of a filter, the newest first, with those that arrive. */
export class LiveSessions extends Changes<SessionsState> {
  private readonly left = new AbortController();
  private following = new AbortController();
  private readonly waiting = new Map<string, SessionSummary>();
  /** What was heard while a page was under way, which may tell of the time before. */
  private readonly heard = new Map<string, SessionSummary>();
  /** Where paging goes on. */
  private cursor: string | null = null;
  /** By id, where the page begins that brought a row; those that arrived are not in it. */
  private readonly pageStarts = new Map<string, string | null>();
  private mostRows = pageSize + mostArrivals;
  /** How often the list began anew. */
  private beginnings = 0;
  private current: SessionsState = {
    rows: [],
    isLoaded: false,
    hasMore: false,
    isLoadingMore: false,
    isPaused: false,
    held: 0,
    isMoreHeld: false,
    state: "connecting",
    error: undefined,
  };

  private readonly leaveEvents: () => void;

  /** @param events of all sessions: a filter's own do not tell of a session that it no longer matches */
  constructor(
    private readonly service: Service,
    private readonly filter: SessionFilter | undefined,
    events: LiveEvents,
  ) {
    super();
    this.leaveEvents = events.hear((session) => {
      if (this.current.rows.some(({ id }) => id === session.id)) this.take(session);
      const isUnderWay = this.current.state !== "live" || this.current.isLoadingMore;
      if (isUnderWay && this.heard.size <= mostHeard) this.heard.set(session.id, session);
    });
    void this.follow(this.following.signal);
  }

  close(): void {
    this.left.abort();
    this.following.abort();
    this.leaveEvents();
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
    if (this.current.isMoreHeld) {
      this.followAnew();
      return;
    }
    for (const session of this.waiting.values()) this.show(session);
    this.waiting.clear();
    this.set({ held: 0 });
  }

  /** Adds older sessions at the end, at least one where there is one. */
  async loadMore(): Promise<void> {
    if (this.current.isLoadingMore) return;
    this.set({ isLoadingMore: true });
    try {
      for (let size = pageSize; !(await this.loadPage(size));) size = largePageSize;
    } catch (error) {
      if (!this.left.signal.aborted) this.set({ error });
    } finally {
      this.set({ isLoadingMore: false });
      if (this.current.state === "live") this.heard.clear();
    }
  }

  /** @returns whether it brought a session that was not shown, or was the last */
  private async loadPage(first: number): Promise<boolean> {
    const { cursor, beginnings } = this;
    const { sessions } = await this.service.client.query(
      sessionsQuery,
      { ...this.filterVariable(), first, after: cursor },
      { signal: this.left.signal },
    );
    if (sessions === null) throw new Error("The sessions could not be read.");
    if (beginnings !== this.beginnings) return true;
    const { rows } = this.current;
    const known = new Set([...rows.map(({ id }) => id), ...this.waiting.keys()]);
    const added = sessions.nodes.filter(({ id }) => !known.has(id)).map(this.orHeard);
    for (const { id } of added) this.pageStarts.set(id, cursor);
    const { endCursor, hasNextPage } = sessions.pageInfo;
    this.cursor = endCursor;
    this.mostRows = rows.length + added.length + mostArrivals;
    this.set({ rows: [...rows, ...added], hasMore: hasNextPage, error: undefined });
    this.makeUpForUnheard();
    return added.length > 0 || !hasNextPage;
  }

  protected draw(): SessionsState {
    return this.current;
  }

  private set(change: Partial<SessionsState>): void {
    this.current = { ...this.current, ...change };
    this.changed();
  }

  private filterVariable() {
    return this.filter && { filter: this.filter };
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let isFirst = true;
    try {
      const parts = this.service.client.queryThenLive(
        [sessionsQuery, { ...this.filterVariable(), first: pageSize }],
        [sessionEventsSubscription, { ...this.filterVariable() }],
        {
          signal,
          onState: (state, error) => {
            // A page is asked for after this, or has come before.
            if (!this.current.isLoadingMore) this.heard.clear();
            this.set({ state, error });
          },
        },
      );
      for await (const part of parts) {
        if (part.kind === "event") this.take(part.event.sessionEvents.session);
        // Where events are gone, a list that is paused stays as it is.
        else if (this.current.isPaused && !isFirst) this.holdNoMore();
        else this.begin(part.page.sessions);
        isFirst = false;
      }
    } catch (error) {
      if (!signal.aborted) this.set({ state: "waiting", error });
    }
  }

  private followAnew(): void {
    this.following.abort();
    this.following = new AbortController();
    void this.follow(this.following.signal);
  }

  private begin(page: SessionsPage["sessions"]): void {
    const rows = (page?.nodes ?? []).map(this.orHeard);
    this.beginnings += 1;
    this.waiting.clear();
    this.pageStarts.clear();
    for (const { id } of rows) this.pageStarts.set(id, null);
    this.cursor = page?.pageInfo.endCursor ?? null;
    this.mostRows = pageSize + mostArrivals;
    const hasMore = page?.pageInfo.hasNextPage ?? false;
    this.set({ rows, hasMore, isLoaded: true, held: 0, isMoreHeld: false });
    this.makeUpForUnheard();
  }

  /** A session of a page, or what was heard of it since. */
  private readonly orHeard = (session: SessionSummary): SessionSummary => {
    const heard = this.heard.get(session.id);
    return heard !== undefined && isNewer(heard, session) ? heard : session;
  };

  /** Where more was heard than is kept, rows may be as they were: they are read anew, if paused later. */
  private makeUpForUnheard(): void {
    if (this.heard.size <= mostHeard) return;
    this.heard.clear();
    if (this.current.isPaused) this.holdNoMore();
    else this.followAnew();
  }

  private take(session: SessionSummary): void {
    if (this.current.isMoreHeld) return;
    if (!this.current.isPaused) {
      this.show(session);
      return;
    }
    if (this.waiting.size >= mostHeld && !this.waiting.has(session.id)) {
      this.holdNoMore();
      return;
    }
    this.waiting.set(session.id, session);
    this.set({ held: this.waiting.size });
  }

  /** Follows no further: the list will be read anew. */
  private holdNoMore(): void {
    this.following.abort();
    this.waiting.clear();
    this.set({ isMoreHeld: true });
  }

  /** A session that is shown changes in its place; one that is not comes first. */
  private show(session: SessionSummary): void {
    const { rows } = this.current;
    const at = rows.findIndex(({ id }) => id === session.id);
    const shown = rows[at];
    if (shown === undefined) this.arrive([session, ...rows]);
    else if (isNewer(session, shown)) this.set({ rows: rows.with(at, session) });
  }

  /** Drops what is too much at the end; paging goes on with the page that held the first of it. */
  private arrive(rows: readonly SessionSummary[]): void {
    const shown = this.current.isLoadingMore ? rows : rows.slice(0, this.mostRows);
    const dropped = rows.slice(shown.length);
    const [first] = dropped;
    if (first !== undefined) {
      this.cursor = this.pageStarts.get(first.id) ?? null;
      this.set({ hasMore: true });
    }
    for (const { id } of dropped) this.pageStarts.delete(id);
    this.set({ rows: shown });
  }
}

/** What was missed may come after what is newer. */
function isNewer(one: SessionSummary, other: SessionSummary): boolean {
  return Date.parse(one.changedAt) >= Date.parse(other.changedAt);
}
