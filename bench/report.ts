import type { Comparison, Figures } from "./compare.js";
import type { FanOutFigures } from "./fan-out.js";

/** What was measured where. */
export interface Run {
  readonly date: string;
  readonly node: string;
  readonly database: string;
  readonly processors: number;
  readonly rounds: number;
}

/** The table as it stands in docs/BENCHMARKS.md. */
export function markdownTable(run: Run, comparisons: readonly Comparison[]): string {
  const latency = ({ p50, p99 }: Figures) => `${p50.toFixed(0)} / ${p99.toFixed(0)}`;
  const rows = comparisons.map(
    ({ title, unit, service, bare, ratio }) =>
      `| ${title} | ${service.perSecond.toFixed(0)} ${unit} | ${bare.perSecond.toFixed(0)} ${unit} | **${ratio.toFixed(2)}** | ` +
      `${latency(service)} | ${latency(bare)} | ${service.processor.toFixed(2)} / ${bare.processor.toFixed(2)} |`,
  );
  return [
    `Node ${run.node}, ${run.database}, ${run.processors} processors; medians of ${run.rounds} alternating rounds, ${run.date.slice(0, 10)}.`,
    "",
    "| | service | bare server | ratio | service p50 / p99, ms | bare p50 / p99, ms | processor time, ms |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** The subscription's figures in a sentence. */
export function fanOutSentence({ subscribers, eventsPerSecond, comparison }: FanOutFigures): string {
  if (comparison === undefined) return "";
  const { ours, bare, ratio, rounds } = comparison;
  const latency = ({ p50, p99 }: typeof ours) => `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
  return (
    `Fan-out of ${eventsPerSecond} events/s to ${subscribers} sockets, from the POST to the last receipt, medians of ${rounds} rounds: ` +
    `service ${latency(ours)} (${(ours.deliveredShare * 100).toFixed(1)} % delivered), bare broadcast ${latency(bare)}; ` +
    `ratios ${ratio.p50.toFixed(2)} and ${ratio.p99.toFixed(2)}.`
  );
}
