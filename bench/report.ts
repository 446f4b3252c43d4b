import type { Comparison, Figures } from "./compare.js";
import type { FanOutFigures } from "./fan-out.js";
import { systemNames } from "./processes.js";

/** What was measured where. */
export interface Run {
  readonly date: string;
  readonly node: string;
  readonly database: string;
  readonly processors: number;
  readonly rounds: number;
  /** Stored before the queries are measured. */
  readonly sessions: number;
}

/** The table as it stands in docs/BENCHMARKS.md. */
export function markdownTable(run: Run, comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ title, unit, systems, ratios }) => {
    const latencies = systemNames.map((name) => latency(systems[name]));
    const cells = [
      `${title} (${unit})`,
      ...systemNames.map((name) => rate(systems[name])),
      `**${ratios["by-hand"].toFixed(2)}**`,
      ratios.bare.toFixed(2),
      latencies.join("; "),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `Node ${run.node}, ${run.database}, ${run.processors} processors, ${run.sessions} sessions to read from; medians of ` +
      `${run.rounds} alternating rounds, ${run.date.slice(0, 10)}. In brackets: processor ms per request, server + database.`,
    "",
    "| | service | by hand | bare server | service ÷ by hand | service ÷ bare | p50 / p99, ms, of each |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function rate({ perSecond, processor, databaseProcessor }: Figures): string {
  const [own, database] = [processor, databaseProcessor].map((value) =>
    Number.isNaN(value) ? "?" : value.toFixed(2),
  );
  return `${perSecond.toFixed(0)} (${own} + ${database})`;
}

function latency({ p50, p99 }: Figures): string {
  return `${p50.toFixed(0)} / ${p99.toFixed(0)}`;
}

/** The subscription's figures in a sentence. */
export function fanOutSentence({ subscribers, eventsPerSecond, comparison }: FanOutFigures): string {
  if (comparison === undefined) return "";
  const { ours, bare, ratio, rounds } = comparison;
  const latencies = ({ p50, p99 }: typeof ours) => `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
  return (
    `Fan-out of ${eventsPerSecond} events/s to ${subscribers} sockets, from the POST to the last receipt, medians of ${rounds} rounds: ` +
    `service ${latencies(ours)} (${(ours.deliveredShare * 100).toFixed(1)} % delivered), bare broadcast ${latencies(bare)}; ` +
    `ratios ${ratio.p50.toFixed(2)} and ${ratio.p99.toFixed(2)}.`
  );
}
