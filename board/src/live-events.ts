import { type LiveState, sessionEventsSubscription, type SessionEventData } from "conversation-agent-client";
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
  /** How old the last event was when it came, in milliseconds. */
  readonly behindMilliseconds: number;
}

const mostKept = 50;

/** Follows the events of all sessions. */
export class LiveEvents extends Changes<EventsState> {
  private readonly left = new AbortController();
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
        {},
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
      }
    } catch (error) {
      this.set({ state: "waiting", error });
    }
  }
}
