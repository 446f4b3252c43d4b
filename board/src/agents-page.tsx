import { AgentCard } from "./agent-card.js";
import { agentStatsQuery, newestStartQuery } from "./documents.js";
import { timeZone, toDay } from "./format.js";
import { Failure, PageTitle } from "./parts.js";
import { type Period, periodOf, statsVariables } from "./period.js";
import { addressOf } from "./route.js";
import type { Service } from "./service.js";
import { useQuery } from "./use-query.js";

interface Props {
  readonly service: Service;
  readonly parameters: URLSearchParams;
}

const lengths = [7, 14, 30];
const everyMilliseconds = 30_000;

/** How the agents do, by day, against the period before. */
export function AgentsPage({ service, parameters }: Props) {
  const { data, error } = useQuery(service, newestStartQuery, {});
  const newest = data?.sessions?.nodes[0]?.startedAt ?? undefined;
  const asked = parameters.get("until") ?? "";
  const days = lengths.find((each) => String(each) === parameters.get("days")) ?? 7;
  const lastDay = lastDayOf(asked, newest);
  const change = (next: { readonly days?: number; readonly until?: string }) => {
    const merged = { days, until: asked, ...next };
    const changed = new URLSearchParams({ days: String(merged.days) });
    if (merged.until !== "") changed.set("until", merged.until);
    window.location.hash = addressOf("agents", changed);
  };
  return (
    <>
      <PageTitle>Agents</PageTitle>
      <form
        className="filters"
        aria-label="Period"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <label>
          Period
          <select
            value={days}
            onChange={(event) => {
              change({ days: Number(event.target.value) });
            }}
          >
            {lengths.map((length) => (
              <option key={length} value={length}>
                {length} days
              </option>
            ))}
          </select>
        </label>
        <label>
          Last day
          <input
            type="date"
            value={lastDay === undefined ? "" : toDay(lastDay)}
            onChange={(event) => {
              change({ until: event.target.value });
            }}
          />
        </label>
        <p className="hint">Days of {timeZone}. Without a choice, the period ends with the newest session.</p>
      </form>
      <Failure error={error} />
      {data?.sessions?.nodes.length === 0 && <p className="empty">There is no session yet.</p>}
      {lastDay !== undefined && <AgentList service={service} period={periodOf(lastDay, days)} />}
    </>
  );
}

function AgentList({ service, period }: { readonly service: Service; readonly period: Period }) {
  const variables = statsVariables(period, timeZone);
  const { data, error } = useQuery(service, agentStatsQuery, variables, { everyMilliseconds });
  const agents = [...(data?.whole ?? [])].sort((one, other) => other.count - one.count);
  const most = Math.max(1, ...(data?.days ?? []).map(({ count }) => count));
  return (
    <>
      <Failure error={error} />
      {data === undefined && error === undefined && <p role="status">Loading …</p>}
      {data?.whole?.length === 0 && <p className="empty">No session started in this period.</p>}
      <div className="agents">
        {agents.map((whole) => {
          const id = String(whole.groups[0]?.value);
          const ofAgent = <Stats extends { readonly groups: typeof whole.groups }>(
            all: readonly Stats[] | null | undefined,
          ) => (all ?? []).filter(({ groups }) => String(groups[0]?.value) === id);
          return (
            <AgentCard
              key={id}
              id={id}
              period={period}
              most={most}
              whole={whole}
              before={ofAgent(data?.before)[0]}
              days={ofAgent(data?.days)}
            />
          );
        })}
      </div>
    </>
  );
}

function lastDayOf(asked: string, newest: string | undefined): Date | undefined {
  const day = new Date(`${asked}T00:00`);
  // An address may have been written by hand.
  if (/^\d{4}-\d{2}-\d{2}$/.test(asked) && !Number.isNaN(day.getTime())) return day;
  if (newest === undefined) return undefined;
  const now = new Date();
  const start = new Date(newest);
  return start < now ? start : now;
}
