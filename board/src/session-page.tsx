import { type LiveOptions, sessionEventsSubscription } from "conversation-agent-client";
import { useEffect, useState } from "react";
import { Answers } from "./answers.js";
import { Chat } from "./chat.js";
import { type Analysis, rawEventsQuery, sessionQuery, type SessionDetail, type Viewer } from "./documents.js";
import { writeFilter } from "./filter.js";
import { formatDuration, formatInstant } from "./format.js";
import { Failure, PageTitle, SentimentMark, StatusMark } from "./parts.js";
import { addressOf } from "./route.js";
import type { Service } from "./service.js";
import { useQuery } from "./use-query.js";

interface Props {
  readonly id: string;
  readonly service: Service;
  readonly viewer: Viewer;
}

/** One session; it is read anew when something happens to it. */
export function SessionPage({ id, service, viewer }: Props) {
  const revision = useRevision(service, id);
  const { data, error } = useQuery(service, sessionQuery, { id }, { revision });
  const session = data?.session;
  return (
    <>
      <p>
        <a href={addressOf("sessions")}>All sessions</a>
      </p>
      <PageTitle>Session</PageTitle>
      <Failure error={error} />
      {data === undefined && error === undefined && <p role="status">Loading …</p>}
      {session === null && <p className="empty">There is no such session.</p>}
      {session && <Detail session={session} service={service} viewer={viewer} revision={revision} />}
    </>
  );
}

interface DetailProps extends Omit<Props, "id"> {
  readonly session: SessionDetail;
  readonly revision: string;
}

function Detail({ session, service, viewer, revision }: DetailProps) {
  const { id, agent, agentVersionRevision, analysis, analysisHistory, messages } = session;
  return (
    <>
      <Facts session={session} />
      <div className="session">
        <Chat
          first={messages}
          isMasked={viewer.masked}
          loadAfter={async (after) => {
            const more = await service.client.query(sessionQuery, { id, after });
            return more.session?.messages ?? null;
          }}
        />
        <div>
          <section aria-labelledby="analysis">
            <h2 id="analysis">Analysis</h2>
            {analysis === null ? (
              <p className="empty">
                {session.status === "STARTED" ? "The session goes on." : "It has not arrived yet."}
              </p>
            ) : (
              <>
                <p className="marks">
                  <SentimentMark sentiment={analysis.userSentiment} />
                  {analysis.chatCompletionRating !== null && (
                    <span className="mark">{analysis.chatCompletionRating}</span>
                  )}
                </p>
                {viewer.masked ? (
                  <p className="withheld">The summary is withheld.</p>
                ) : (
                  <p>{analysis.chatSummary}</p>
                )}
              </>
            )}
            <Answers
              answers={analysis?.answers}
              questions={agentVersionRevision.questions}
              isMasked={viewer.masked}
            />
          </section>
          {analysisHistory.length > 1 && <History analyses={analysisHistory} />}
          {agent && (
            <p>
              <a href={addressOf("sessions", writeFilter({ agent: agent.id }))}>
                All sessions of {agent.name ?? "this agent"}
              </a>
            </p>
          )}
          {viewer.role === "OPERATOR" && <RawEvents service={service} id={id} revision={revision} />}
        </div>
      </div>
    </>
  );
}

function Facts({ session }: { readonly session: SessionDetail }) {
  const { startedAt, endedAt, endedReason, language, status, agentVersionRevision } = session;
  return (
    <dl className="facts">
      <dt>Agent</dt>
      <dd>{agentVersionRevision.name ?? "without a name"}</dd>
      <dt>Status</dt>
      <dd>
        <StatusMark status={status} />
      </dd>
      <dt>Started</dt>
      <dd>{formatInstant(startedAt)}</dd>
      {endedAt !== null && (
        <>
          <dt>Ended</dt>
          <dd>
            {formatInstant(endedAt)}
            {startedAt !== null && `, after ${formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}`}
            {endedReason !== null && ` (${endedReason.replaceAll("_", " ")})`}
          </dd>
        </>
      )}
      {language !== null && (
        <>
          <dt>Language</dt>
          <dd>{language}</dd>
        </>
      )}
    </dl>
  );
}

function History({ analyses }: { readonly analyses: readonly Analysis[] }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">Analyses received, the newest first</h2>
      <ol className="plain-list">
        {analyses.map(({ id, receivedAt, userSentiment, chatCompletionRating, chatSummary }) => (
          <li key={id}>
            {formatInstant(receivedAt)} <SentimentMark sentiment={userSentiment} /> {chatCompletionRating}
            <p className="summary">{chatSummary}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface RawEventsProps {
  readonly service: Service;
  readonly id: string;
  readonly revision: string;
}

function RawEvents({ service, id, revision }: RawEventsProps) {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useQuery(service, rawEventsQuery, { id }, { revision, isSkipped: !isOpen });
  return (
    <details
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>Raw events</summary>
      <Failure error={error} />
      {data?.webhookEvents?.nodes.map(({ id: eventId, receivedAt, eventType, status, sizeBytes, body }) => (
        <details key={eventId}>
          <summary>
            {eventType}, {formatInstant(receivedAt)}, {status.toLowerCase()}, {sizeBytes} bytes
          </summary>
          <pre tabIndex={0} aria-label={`Body of ${eventType}`}>
            {JSON.stringify(body, null, 2)}
          </pre>
        </details>
      ))}
    </details>
  );
}

/** The cursor of the session's last event, with a mark for each time that some may have been missed. */
function useRevision(service: Service, id: string): string {
  const [revision, setRevision] = useState("");
  useEffect(() => {
    const left = new AbortController();
    // What came between the reading and the end of the feed, where following begins, is never told.
    let isMissed = true;
    const options: LiveOptions = {
      signal: left.signal,
      onExpired: () => {
        isMissed = true;
        return undefined;
      },
      onState: (state) => {
        if (state === "live" && isMissed) {
          isMissed = false;
          setRevision((last) => `${last}+`);
        }
      },
    };
    const filter = { id: { eq: id } };
    const follow = async () => {
      const events = service.client.live(sessionEventsSubscription, { filter }, options);
      for await (const { sessionEvents } of events) setRevision(sessionEvents.cursor);
    };
    // Without it the page is as it was read; what is wrong shows in the page's head.
    follow().catch(() => undefined);
    return () => {
      left.abort();
    };
  }, [service, id]);
  return revision;
}
