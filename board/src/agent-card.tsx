import type { AgentStats, Share } from "./documents.js";
import { type FilterValues, writeFilter } from "./filter.js";
import { formatCount, formatShare, toDay } from "./format.js";
import type { Period } from "./period.js";
import { DayBars } from "./plot.js";
import { addressOf } from "./route.js";

interface Props {
  readonly id: string;
  readonly period: Period;
  /** The greatest count of a day of any agent: all plots have one scale. */
  readonly most: number;
  readonly whole: AgentStats;
  readonly before: AgentStats | undefined;
  readonly days: readonly AgentStats[];
}

/** One agent's numbers, each of which leads to its sessions. */
export function AgentCard({ id, period, most, whole, before, days }: Props) {
  const name = whole.groups[0]?.agentVersion?.name ?? "Agent without a name";
  const within = { agent: id, since: toDay(period.since), until: toDay(period.until) };
  const linkTo = (more: FilterValues = {}) => addressOf("sessions", writeFilter({ ...within, ...more }));
  const completed = countOf(whole.completionRatings, "complete");
  const completedBefore = before && countOf(before.completionRatings, "complete");
  return (
    <article className="agent" aria-labelledby={`agent-${id}`}>
      <h2 id={`agent-${id}`}>{name}</h2>
      <dl className="figures">
        <Figure name="Sessions" href={linkTo()} value={whole.count} before={before?.count ?? 0} />
        <Figure
          name="Complete"
          href={linkTo({ rating: "complete" })}
          value={completed}
          before={completedBefore ?? 0}
          note={whole.count > 0 ? formatShare(completed / whole.count) : undefined}
        />
        <Figure
          name="Failed messages"
          href={linkTo({ failed: "yes" })}
          value={whole.failedMessageCount}
          before={before?.failedMessageCount ?? 0}
        />
        <Figure
          name="A person stepped in"
          href={linkTo({ person: "yes" })}
          value={whole.manualCount}
          before={before?.manualCount ?? 0}
        />
      </dl>
      <Sentiments shares={whole.sentiments} linkTo={linkTo} />
      <DayBars name={name} period={period} days={days} most={most} linkTo={linkTo} />
    </article>
  );
}

interface FigureProps {
  readonly name: string;
  readonly href: string;
  readonly value: number;
  readonly before: number;
  readonly note?: string | undefined;
}

function Figure({ name, href, value, before, note }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <a href={href}>{formatCount(value)}</a>
        {note !== undefined && <span className="note"> {note}</span>}
        <span className="change">{changeOf(value - before)} against the period before</span>
      </dd>
    </div>
  );
}

function changeOf(change: number): string {
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  return `${sign}${formatCount(Math.abs(change))}`;
}

interface SentimentsProps {
  readonly shares: readonly Share[];
  readonly linkTo: (more: FilterValues) => string;
}

/** The shares of the sentiments, as a bar and as numbers. */
function Sentiments({ shares, linkTo }: SentimentsProps) {
  const known = shares.filter((share): share is Share & { readonly value: string } => share.value !== null);
  if (known.length === 0) return null;
  const total = known.reduce((sum, { count }) => sum + count, 0);
  let from = 0;
  return (
    <div className="sentiments">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        {known.map(({ value, count }) => {
          const x = from;
          const width = (count / total) * 100;
          from += width;
          return (
            <rect key={value} className={`fill-${kindOf(value)}`} x={x} y={0} width={width} height={6} />
          );
        })}
      </svg>
      <ul aria-label="Sentiments">
        {known.map(({ value, count }) => (
          <li key={value}>
            <span className={`dot fill-${kindOf(value)}`} aria-hidden="true" />
            <a href={linkTo({ sentiment: value })}>
              {value} {formatCount(count)}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function kindOf(sentiment: string): string {
  const known = ["positive", "neutral", "negative"];
  return known.includes(sentiment.toLowerCase()) ? sentiment.toLowerCase() : "other";
}

function countOf(shares: readonly Share[], wanted: string): number {
  return shares.find(({ value }) => value === wanted)?.count ?? 0;
}
