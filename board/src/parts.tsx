import {
  ConnectionLostError,
  GraphqlError,
  type LiveState,
  type SessionEventType,
} from "conversation-agent-client";
import { type ReactNode, useEffect, useRef } from "react";

/** The heading of a page. It gets the focus, so that screen readers tell where one has come. */
export function PageTitle({ children }: { readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    document.title = `${heading.current?.textContent ?? ""} · Conversation agents`;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** Why something could not be read, in words; nothing where there is no error. */
export function Failure({ error }: { readonly error: unknown }) {
  if (error === undefined) return null;
  return (
    <p className="failure" role="alert">
      {explain(error)}
    </p>
  );
}

function explain(error: unknown): string {
  if (error instanceof ConnectionLostError) return "The service cannot be reached. Trying again …";
  if (error instanceof GraphqlError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

const statusNames: Readonly<Record<SessionEventType, string>> = {
  STARTED: "started",
  ENDED: "ended",
  ANALYZED: "analyzed",
  OVERDUE: "overdue",
};

export function StatusMark({ status }: { readonly status: SessionEventType }) {
  return <span className={`mark status-${status.toLowerCase()}`}>{statusNames[status]}</span>;
}

const moods = ["positive", "neutral", "negative"];

/** The contact's mood; an open list, so an unknown one is shown as it is. */
export function SentimentMark({ sentiment }: { readonly sentiment: string | null }) {
  if (sentiment === null) return null;
  const kind = moods.includes(sentiment.toLowerCase()) ? sentiment.toLowerCase() : "other";
  return <span className={`mark sentiment-${kind}`}>{sentiment}</span>;
}

interface PillProps {
  readonly state: LiveState;
  readonly isPaused?: boolean;
  /** How old the last event was when it came. */
  readonly behindMilliseconds?: number;
}

/** What is older than this when it comes was missed before. */
const catchingUpMilliseconds = 5_000;

/** Whether what is shown is live, and how far behind it is where it is not. */
export function LivePill({ state, isPaused = false, behindMilliseconds = 0 }: PillProps) {
  const isBehind = behindMilliseconds > catchingUpMilliseconds;
  const [kind, text] =
    state === "waiting"
      ? ["lost", "connection lost"]
      : state === "connecting"
        ? ["connecting", "connecting"]
        : isPaused
          ? ["paused", "paused"]
          : isBehind
            ? ["behind", `catching up, ${Math.round(behindMilliseconds / 1_000)} s behind`]
            : ["live", "live"];
  return (
    <span className={`pill pill-${kind}`} role="status">
      {text}
    </span>
  );
}
