import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Client } from "./client.js";
import type { TypedDocument } from "./document.js";
import type { LiveOptions, LiveState } from "./live.js";
import {
  sessionEventsSubscription,
  type SessionFilter,
  sessionsQuery,
  type SessionSummary,
} from "./operations.js";

/** What comes within this time is drawn together, in milliseconds. */
const drawMilliseconds = 100;

/** A subscription that a component follows. */
export interface Live<Data> {
  /** The newest first, at most `limit`. */
  readonly events: readonly Data[];
  readonly state: LiveState;
  /** Why the connection was lost, or why the subscription is over. */
  readonly error: unknown;
}

/** Options of {@link useLive}. Those of the rendering in which the subscription begins (anew) count. */
export interface UseLiveOptions extends Pick<LiveOptions, "from" | "store" | "onExpired"> {
  /** How many events are kept (default 100). */
  readonly limit?: number;
}

/**
 * Follows a subscription as long as the component is shown. It begins anew where the client, the document or
 * the variables change; variables are compared by their JSON.
 */
export function useLive<Data, Variables extends object>(
  client: Client,
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  options: UseLiveOptions = {},
): Live<Data> {
  const key = JSON.stringify(variables);
  const [live, change] = useBatched<Live<Data>>(connecting);
  const newest = useRef(options);
  useEffect(() => {
    newest.current = options;
  });
  useEffect(() => {
    const left = new AbortController();
    const { limit = 100, ...more } = newest.current;
    change(() => connecting);
    const follow = async () => {
      const events = client.live(document as TypedDocument<Data, object>, JSON.parse(key) as object, {
        ...more,
        signal: left.signal,
        onState: (state, error) => {
          change((last) => ({ ...last, state, error }));
        },
      });
      for await (const event of events)
        change((last) => ({ ...last, events: [event, ...last.events].slice(0, limit) }));
    };
    follow().catch((error: unknown) => {
      if (!left.signal.aborted) change((last) => ({ ...last, state: "waiting", error }));
    });
    return () => {
      left.abort();
    };
  }, [client, document, key, change]);
  return live;
}

const connecting = { events: [], state: "connecting", error: undefined } as const;

/** A list of sessions that a component shows. */
export interface Sessions {
  /** The newest first: those that arrive before those of the page. */
  readonly sessions: readonly SessionSummary[];
  /** Whether the page has been read. */
  readonly isLoaded: boolean;
  readonly state: LiveState;
  readonly error: unknown;
}

/** Options of {@link useSessions}. */
export interface UseSessionsOptions {
  readonly filter?: SessionFilter;
  /** How many sessions are kept (default 50, at most 200). */
  readonly first?: number;
}

const noSessions: Sessions = { sessions: [], isLoaded: false, state: "connecting", error: undefined };

/**
 * The newest sessions of a filter, with each that arrives or changes; nothing is missed in between. A session
 * that stops matching the filter stays in the list, as it is now: leave it out where it must not be shown.
 */
export function useSessions(client: Client, { filter, first = 50 }: UseSessionsOptions = {}): Sessions {
  const key = JSON.stringify(filter ?? null);
  const [sessions, change] = useBatched<Sessions>(noSessions);
  const wanted = useMemo(() => JSON.parse(key) as SessionFilter | null, [key]);
  useEffect(() => {
    const left = new AbortController();
    const variables = wanted === null ? {} : { filter: wanted };
    change(() => noSessions);
    const follow = async () => {
      const parts = client.queryThenLive(
        [sessionsQuery, { first, ...variables }],
        [sessionEventsSubscription, variables],
        {
          signal: left.signal,
          onState: (state, error) => {
            change((last) => ({ ...last, state, error }));
          },
        },
      );
      let leaveListed = new AbortController();
      for await (const part of parts) {
        if (part.kind === "page") {
          const { nodes, eventCursor } = part.page.sessions ?? { nodes: [], eventCursor: undefined };
          change((last) => ({ ...last, sessions: nodes, isLoaded: true }));
          leaveListed.abort();
          leaveListed = new AbortController();
          if (wanted !== null) followListed(eventCursor, AbortSignal.any([left.signal, leaveListed.signal]));
        } else {
          const { session } = part.event.sessionEvents;
          change((last) => ({ ...last, sessions: withSession(last.sessions, session).slice(0, first) }));
        }
      }
    };
    // The filter's own events do not tell of a session that stops matching it.
    const followListed = (from: string | undefined, signal: AbortSignal) => {
      const hear = async () => {
        for await (const { sessionEvents } of client.live(sessionEventsSubscription, {}, { from, signal }))
          change((last) => ({ ...last, sessions: withListed(last.sessions, sessionEvents.session) }));
      };
      hear().catch((error: unknown) => {
        if (!signal.aborted) change((last) => ({ ...last, error }));
      });
    };
    follow().catch((error: unknown) => {
      if (!left.signal.aborted) change((last) => ({ ...last, state: "waiting", error }));
    });
    return () => {
      left.abort();
    };
  }, [client, wanted, first, change]);
  return sessions;
}

/** A session that is listed changes in its place; one that is not comes first. */
function withSession(all: readonly SessionSummary[], session: SessionSummary): readonly SessionSummary[] {
  const isListed = all.some(({ id }) => id === session.id);
  return isListed ? withListed(all, session) : [session, ...all];
}

/** A session that is listed changes in its place, unless what is listed is newer. */
function withListed(all: readonly SessionSummary[], session: SessionSummary): readonly SessionSummary[] {
  const isNew = ({ id, changedAt }: SessionSummary) =>
    id === session.id && Date.parse(changedAt) <= Date.parse(session.changedAt);
  return all.some(isNew) ? all.map((each) => (isNew(each) ? session : each)) : all;
}

/** State that may change often, and is drawn ten times a second at most. */
function useBatched<State>(initial: State): readonly [State, (step: (last: State) => State) => void] {
  const [drawn, draw] = useState(initial);
  const current = useRef(initial);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = useCallback((step: (last: State) => State) => {
    current.current = step(current.current);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      draw(current.current);
    }, drawMilliseconds);
  }, []);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return [drawn, change];
}
