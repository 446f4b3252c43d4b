import {
  type LiveState,
  sessionEventsSubscription,
  type SessionEventData,
  type SessionSummary,
} from "conversation-agent-client";
import { Changes } from "./changes.js";
import type { Service } from "./service.js";

/** One event as the board shows it. */
export type BoardEvent = SessionEventData["sessionEvents"];

/** What is known of the events of all sessions. */
export interface EventsState {
  readonly state: LiveState;
  readonly error: unknown;
  /** The newest first. */
  readonly latest: readonly BoardEvent[];
  /** How many came since the board was opened. */
  readonly count: number;
  /** How old the last event was when it came, in milliseconds; 0 once all that was missed has come. */
  readonly behindMilliseconds: number;
}

const mostKept = 50;
/** What was missed comes at once: after a pause of this length there is no more of it, in milliseconds. */
const pauseAfterMissed = 2_000;

/** Follows the events of all sessions. */
export class LiveEvents extends Changes<EventsState> {
  private readonly left = new AbortController();
  private readonly hearers = new Set<(session: SessionSummary) => void>();
  private caughtUp: ReturnType<typeof setTimeout> | undefined;
  private current: EventsState = {
    state: "connecting",
    error: undefined,
    latest: [],
    count: 0,
    behindMilliseconds: 0,
  };

  constructor(private readonly service: Service) {
    super();
    void this.follow();
  }

  close(): void {
    this.left.abort();
    clearTimeout(this.caughtUp);
  }

  /** Tells of each session that has changed. @returns how to leave */
  hear(hearer: (session: SessionSummary) => void): () => void {
    this.hearers.add(hearer);
    return () => {
      this.hearers.delete(hearer);
    };
  }

  protected draw(): EventsState {
    return this.current;
  }

  private set(change: Partial<EventsState>): void {
    this.current = { ...this.current, ...change };
    this.changed();
  }

  private async follow(): Promise<void> {
    try {
      const events = this.service.client.live(
        sessionEventsSubscription,
        { types: ["STARTED", "ENDED", "ANALYZED", "OVERDUE"] },
        {
          signal: this.left.signal,
          // The other pages query anew by themselves; here what comes next is of interest.
          onExpired: () => undefined,
          onState: (state, error) => {
            this.set({ state, error });
          },
        },
      );
      for await (const { sessionEvents: event } of events) {
        this.set({
          latest: [event, ...this.current.latest].slice(0, mostKept),
          count: this.current.count + 1,
          behindMilliseconds: Math.max(0, this.service.now() - Date.parse(event.receivedAt)),
        });
        for (const hearer of this.hearers) hearer(event.session);
        clearTimeout(this.caughtUp);
        this.caughtUp = setTimeout(() => {
          this.set({ behindMilliseconds: 0 });
        }, pauseAfterMissed);
      }
    } catch (error) {
      this.set({ state: "waiting", error });
    }
  }
}
