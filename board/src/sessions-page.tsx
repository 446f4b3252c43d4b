import type { SessionSummary } from "conversation-agent-client";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useChanges } from "./changes.js";
import type { Viewer } from "./documents.js";
import { ExportButtons } from "./export-buttons.js";
import { readFilter, toSessionFilter, writeFilter } from "./filter.js";
import { FilterBar } from "./filter-bar.js";
import { formatCount, formatInstant } from "./format.js";
import type { LiveEvents } from "./live-events.js";
import { LiveSessions } from "./live-sessions.js";
import { Failure, LivePill, PageTitle, SentimentMark, StatusMark } from "./parts.js";
import { addressOf } from "./route.js";
import type { Service } from "./service.js";

interface Props {
  readonly service: Service;
  readonly viewer: Viewer;
  readonly parameters: URLSearchParams;
  readonly events: LiveEvents;
}

/** The list of sessions, with its filter in the address. */
export function SessionsPage({ service, viewer, parameters, events }: Props) {
  const address = parameters.toString();
  const values = useMemo(() => readFilter(new URLSearchParams(address)), [address]);
  return (
    <>
      <PageTitle>Sessions</PageTitle>
      <FilterBar
        key={address}
        service={service}
        isMasked={viewer.masked}
        values={values}
        onChange={(next) => {
          window.location.hash = addressOf("sessions", writeFilter(next));
        }}
      />
      <SessionList key={`list ${address}`} service={service} address={address} events={events} />
    </>
  );
}

interface ListProps extends Pick<Props, "service" | "events"> {
  readonly address: string;
}

function SessionList({ service, address, events }: ListProps) {
  const filter = useMemo(() => toSessionFilter(readFilter(new URLSearchParams(address))), [address]);
  const [sessions, setSessions] = useState<LiveSessions>();
  useEffect(() => {
    const followed = new LiveSessions(service, filter, events);
    setSessions(followed);
    return () => {
      followed.close();
    };
  }, [service, filter, events]);
  return sessions === undefined ? null : (
    <Rows sessions={sessions} exports={<ExportButtons service={service} filter={filter} />} />
  );
}

function Rows({ sessions, exports }: { readonly sessions: LiveSessions; readonly exports: ReactNode }) {
  const { rows, isLoaded, hasMore, isLoadingMore, isPaused, state, error } = useChanges(sessions);
  return (
    <section aria-label="List of sessions">
      <div className="section-head">
        <LivePill state={state} isPaused={isPaused} />
        <button
          type="button"
          aria-pressed={isPaused}
          onClick={() => {
            if (isPaused) sessions.resume();
            else sessions.pause();
          }}
        >
          {isPaused ? "Go on" : "Pause"}
        </button>
        <span role="status">
          <HeldButton sessions={sessions} />
        </span>
        {exports}
      </div>
      <Failure error={error} />
      {!isLoaded && error === undefined && <p role="status">Loading …</p>}
      {isLoaded && rows.length === 0 && <p className="empty">No session matches.</p>}
      <ol className="rows">
        {rows.map((session) => (
          <Row key={session.id} session={session} />
        ))}
      </ol>
      {hasMore && (
        <button
          type="button"
          disabled={isLoadingMore}
          onClick={() => {
            void sessions.loadMore();
          }}
        >
          {isLoadingMore ? "Loading …" : "Show older ones"}
        </button>
      )}
    </section>
  );
}

/** Shows what came while the list was paused. */
function HeldButton({ sessions }: { readonly sessions: LiveSessions }) {
  const { held, isMoreHeld } = useChanges(sessions);
  if (held === 0 && !isMoreHeld) return null;
  return (
    <button
      type="button"
      className="primary"
      onClick={() => {
        sessions.showHeld();
      }}
    >
      {held === 0 ? "Read anew" : `${formatCount(held)}${isMoreHeld ? "+" : ""} new`}
    </button>
  );
}

function Row({ session }: { readonly session: SessionSummary }) {
  const { id, status, startedAt, userSentiment, chatCompletionRating, chatSummary, agent } = session;
  const { messageCount, failedMessageCount, manualMessageCount } = session;
  return (
    <li data-session={id}>
      <a className="row-title" href={addressOf(`sessions/${id}`)}>
        {agent?.name ?? "Agent without a name"}
      </a>
      <time dateTime={startedAt ?? undefined}>{formatInstant(startedAt)}</time>
      <span className="marks">
        <StatusMark status={status} />
        <SentimentMark sentiment={userSentiment} />
        {chatCompletionRating !== null && <span className="mark">{chatCompletionRating}</span>}
        {failedMessageCount > 0 && <span className="mark bad">{failedMessageCount} failed</span>}
        {manualMessageCount > 0 && <span className="mark">a person stepped in</span>}
      </span>
      <span className="messages">
        {formatCount(messageCount)} {messageCount === 1 ? "message" : "messages"}
      </span>
      <p className="summary">{chatSummary}</p>
    </li>
  );
}
