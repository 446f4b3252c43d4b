import { isUnauthenticated } from "conversation-agent-client";
import { useEffect, useMemo, useState } from "react";
import { AgentsPage } from "./agents-page.js";
import { useChanges } from "./changes.js";
import type { Viewer } from "./documents.js";
import { viewerQuery } from "./documents.js";
import { KeyForm } from "./key-form.js";
import { LiveEvents } from "./live-events.js";
import { NowPage } from "./now-page.js";
import { Failure, LivePill } from "./parts.js";
import { addressOf, readRoute, useHash } from "./route.js";
import { heldKey, holdKey, Service } from "./service.js";
import { SessionPage } from "./session-page.js";
import { SessionsPage } from "./sessions-page.js";
import { useQuery } from "./use-query.js";

/** While the service cannot be reached, it is asked so often who reads. */
const askMilliseconds = 30_000;

/** The whole board: first the key where one is needed, then the pages. */
export function App() {
  const [key, setKey] = useState(heldKey);
  const service = useMemo(() => new Service(key), [key]);
  useEffect(
    () => () => {
      service.client.close();
    },
    [service],
  );
  const { data, error } = useQuery(service, viewerQuery, {}, { everyMilliseconds: askMilliseconds });
  const changeKey = (next: string | undefined) => {
    holdKey(next);
    setKey(next);
  };
  if (isUnauthenticated(error)) return <KeyForm wasRefused={key !== undefined} onKey={changeKey} />;
  const viewer = data?.viewer;
  if (viewer === undefined || viewer === null)
    return (
      <main className="gate">
        {error === undefined ? <p role="status">Loading …</p> : <Failure error={error} />}
      </main>
    );
  const leave =
    key === undefined
      ? undefined
      : () => {
          changeKey(undefined);
        };
  return <Board key={key ?? ""} service={service} viewer={viewer} onLeave={leave} />;
}

interface BoardProps {
  readonly service: Service;
  readonly viewer: Viewer;
  readonly onLeave: (() => void) | undefined;
}

const pages = [
  ["now", "Now"],
  ["sessions", "Sessions"],
  ["agents", "Agents"],
] as const;

function Board({ service, viewer, onLeave }: BoardProps) {
  const route = readRoute(useHash());
  const [events] = useState(() => new LiveEvents(service));
  useEffect(
    () => () => {
      events.close();
    },
    [events],
  );
  const { state, behindMilliseconds } = useChanges(events);
  return (
    <>
      <a className="skip" href="#content" onClick={skipToContent}>
        Skip to the content
      </a>
      <header className="top">
        <span className="brand">Conversation agents</span>
        <nav aria-label="Pages">
          {pages.map(([page, name]) => (
            <a key={page} href={addressOf(page)} aria-current={route.page === page ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <LivePill state={state} behindMilliseconds={behindMilliseconds} />
        <span className="viewer">
          {viewer.name ?? viewer.role.toLowerCase().replace("_", " ")}
          {onLeave && (
            <button type="button" className="plain" onClick={onLeave}>
              Forget key
            </button>
          )}
        </span>
      </header>
      {viewer.masked && (
        <aside className="masked-note" aria-label="Withheld data">
          You read without personal data. Texts, summaries, free answers and parts of addresses are withheld.
        </aside>
      )}
      <main id="content">
        <Page route={route} service={service} viewer={viewer} events={events} />
      </main>
    </>
  );
}

/** The address behind `#` is the page's: following the link must not change it. */
function skipToContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#content h1")?.focus();
}

interface PageProps extends Omit<BoardProps, "onLeave"> {
  readonly route: ReturnType<typeof readRoute>;
  readonly events: LiveEvents;
}

function Page({ route, service, viewer, events }: PageProps) {
  if (route.page === "sessions" && route.id !== undefined)
    return <SessionPage key={route.id} id={route.id} service={service} viewer={viewer} />;
  if (route.page === "sessions")
    return <SessionsPage service={service} viewer={viewer} parameters={route.parameters} events={events} />;
  if (route.page === "agents") return <AgentsPage service={service} parameters={route.parameters} />;
  return <NowPage service={service} viewer={viewer} events={events} />;
}
