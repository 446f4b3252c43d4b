import { useEffect, useState } from "react";
import { useChanges } from "./changes.js";
import { type DeliveryCounts, readDeliveryCounts } from "./delivery-counts.js";
import { deadLettersQuery, nowQuery, type Overdue, type Viewer } from "./documents.js";
import { formatCount, formatDuration, formatInstant, formatTime } from "./format.js";
import type { LiveEvents } from "./live-events.js";
import { Failure, LivePill, PageTitle, SentimentMark, StatusMark } from "./parts.js";
import { addressOf } from "./route.js";
import type { Service } from "./service.js";
import { useQuery } from "./use-query.js";
import { writeFilter } from "./filter.js";

interface Props {
  readonly service: Service;
  readonly viewer: Viewer;
  readonly events: LiveEvents;
}

const everyMilliseconds = 10_000;
const shownEvents = 15;
const shownWaiting = 5;

/** What happens now. */
export function NowPage({ service, viewer, events }: Props) {
  const { data, error } = useQuery(service, nowQuery, {}, { everyMilliseconds });
  const now = useNow(service);
  const live = useChanges(events);
  const [kept, keep] = useState<typeof live | undefined>();
  const shown = kept ?? live;
  const last = live.latest[0]?.receivedAt ?? data?.newest?.nodes[0]?.changedAt;
  const waiting = data?.waiting;
  return (
    <>
      <PageTitle>Now</PageTitle>
      <Failure error={error} />
      <dl className="figures">
        <div>
          <dt>Events</dt>
          <dd>
            <LivePill
              state={live.state}
              isPaused={kept !== undefined}
              behindMilliseconds={live.behindMilliseconds}
            />
          </dd>
        </div>
        <div>
          <dt>Last event</dt>
          <dd>{last === undefined ? "none yet" : `${formatDuration(now - Date.parse(last))} ago`}</dd>
        </div>
        <div>
          <dt>Events since this page was opened</dt>
          <dd>{formatCount(live.count)}</dd>
        </div>
        <div>
          <dt>Sessions that wait for their analysis</dt>
          <dd>
            <a href={addressOf("sessions", writeFilter({ status: "ENDED" }))}>
              {waiting
                ? `${formatCount(waiting.nodes.length)}${waiting.pageInfo.hasNextPage ? "+" : ""}`
                : "…"}
            </a>
          </dd>
        </div>
        <div className={(data?.overdue?.totalCount ?? 0) > 0 ? "worry" : ""}>
          <dt>Overdue</dt>
          <dd>
            {typeof data?.overdue?.totalCount === "number" ? formatCount(data.overdue.totalCount) : "…"}
          </dd>
        </div>
      </dl>
      {data?.overdue && data.overdue.nodes.length > 0 && <OverdueList items={data.overdue.nodes} />}
      <section aria-labelledby="latest">
        <div className="section-head">
          <h2 id="latest">Latest events</h2>
          <button
            type="button"
            aria-pressed={kept !== undefined}
            onClick={() => {
              keep(kept === undefined ? live : undefined);
            }}
          >
            {kept === undefined ? "Pause" : `Go on, ${formatCount(live.count - kept.count)} new`}
          </button>
        </div>
        {shown.latest.length === 0 ? (
          <p className="empty">
            Nothing has happened since this page was opened. <code>npm run simulate</code> makes sessions.
          </p>
        ) : (
          <ol className="ticker">
            {shown.latest.slice(0, shownEvents).map(({ cursor, type, receivedAt, session }) => (
              <li key={cursor}>
                <time dateTime={receivedAt}>{formatTime(receivedAt)}</time>
                <StatusMark status={type} />
                <a href={addressOf(`sessions/${session.id}`)}>
                  {session.agent?.name ?? "Agent without a name"}
                </a>
                <SentimentMark sentiment={session.userSentiment} />
                <span className="summary">{session.chatSummary}</span>
              </li>
            ))}
          </ol>
        )}
      </section>
      {waiting && waiting.nodes.length > 0 && (
        <section aria-labelledby="waiting">
          <h2 id="waiting">Ended, and not analyzed yet</h2>
          <ul className="plain-list">
            {waiting.nodes.slice(0, shownWaiting).map(({ id, endedAt, agent }) => (
              <li key={id}>
                <a href={addressOf(`sessions/${id}`)}>{agent?.name ?? id}</a>, ended {formatInstant(endedAt)}
              </li>
            ))}
          </ul>
        </section>
      )}
      {viewer.role === "OPERATOR" && <Deliveries service={service} />}
    </>
  );
}

const missing: Readonly<Record<Overdue["kind"], string>> = {
  ANALYSIS: "no analysis",
  END: "no end",
  DELIVERY: "nothing from its organization",
  ANSWER: "no answer to",
};

/** What should have come and has not, the last noticed first. */
function OverdueList({ items }: { readonly items: readonly Overdue[] }) {
  return (
    <section aria-labelledby="overdue">
      <h2 id="overdue">Overdue</h2>
      <ul className="plain-list overdue">
        {items.map(({ id, kind, since, question, session }) => (
          <li key={id}>
            {session ? (
              <a href={addressOf(`sessions/${session.id}`)}>
                {session.agent?.name ?? "Agent without a name"}
              </a>
            ) : (
              "A session that is gone"
            )}
            : {missing[kind]} {question} since {formatInstant(since)}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the webhook took, for operators. */
function Deliveries({ service }: { readonly service: Service }) {
  const { data, error } = useQuery(service, deadLettersQuery, {}, { everyMilliseconds });
  const counts = useDeliveryCounts(service);
  const dead = data?.webhookEvents?.nodes ?? [];
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">Deliveries</h2>
      <Failure error={error} />
      <dl className="figures">
        {counts?.outcomes.map(([outcome, count]) => (
          <div key={outcome}>
            <dt>{outcome}</dt>
            <dd>{formatCount(count)}</dd>
          </div>
        ))}
        <div className={(counts?.deadLetters ?? 0) > 0 ? "worry" : ""}>
          <dt>Dead letters kept</dt>
          <dd>{counts?.deadLetters === undefined ? "…" : formatCount(counts.deadLetters)}</dd>
        </div>
      </dl>
      <p className="hint">By outcome, of the instance that answers, since its start.</p>
      {dead.length > 0 && (
        <ul className="plain-list">
          {dead.map(({ id, receivedAt, eventType, error: why }) => (
            <li key={id}>
              {formatInstant(receivedAt)}: {eventType}, {why}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function useDeliveryCounts(service: Service): DeliveryCounts | undefined {
  const [counts, setCounts] = useState<DeliveryCounts>();
  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      const answer = await service.fetch("metrics", { signal: left.signal });
      if (answer.ok) setCounts(readDeliveryCounts(await answer.text()));
    };
    // Where it cannot be read now, what was read last stays.
    const askSafely = () => void ask().catch(() => undefined);
    askSafely();
    const timer = setInterval(askSafely, everyMilliseconds);
    return () => {
      left.abort();
      clearInterval(timer);
    };
  }, [service]);
  return counts;
}

/** The time, to the second. */
function useNow(service: Service): number {
  const [now, setNow] = useState(() => service.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(service.now());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, [service]);
  return now;
}
