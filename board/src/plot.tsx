import type { AgentStats } from "./documents.js";
import type { FilterValues } from "./filter.js";
import { formatCount, formatDay, toDay } from "./format.js";
import { daysOf, type Period } from "./period.js";

interface Props {
  readonly name: string;
  readonly period: Period;
  readonly days: readonly AgentStats[];
  readonly most: number;
  readonly linkTo: (more: FilterValues) => string;
}

const height = 48;
const step = 12;
const gap = 2;

/** Sessions by day, as bars; each leads to its sessions. */
export function DayBars({ name, period, days, most, linkTo }: Props) {
  const counts = new Map(days.map(({ from, count }) => [from === null ? "" : toDay(new Date(from)), count]));
  const all = daysOf(period);
  const [first, last] = [all[0], all.at(-1)];
  return (
    <figure className="plot">
      <figcaption>Sessions by day</figcaption>
      <svg
        viewBox={`0 0 ${all.length * step} ${height}`}
        preserveAspectRatio="none"
        role="group"
        aria-label={`Sessions of ${name} by day`}
      >
        {all.map((day, index) => {
          const count = counts.get(toDay(day)) ?? 0;
          const bar = (count / most) * (height - 1);
          const label = `${formatDay(day)}: ${formatCount(count)}`;
          const next = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1);
          return (
            <a key={toDay(day)} href={linkTo({ since: toDay(day), until: toDay(next) })} aria-label={label}>
              <title>{label}</title>
              <rect className="reach" x={index * step} y={0} width={step} height={height} />
              <rect
                className="bar"
                x={index * step + gap / 2}
                y={height - Math.max(1, bar)}
                width={step - gap}
                height={Math.max(1, bar)}
              />
            </a>
          );
        })}
      </svg>
      <p className="axis" aria-hidden="true">
        <span>{first && formatDay(first)}</span>
        <span>{last && formatDay(last)}</span>
      </p>
    </figure>
  );
}
