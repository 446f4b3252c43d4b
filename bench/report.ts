import type { Comparison, Figures } from "./compare.js";

/** What was measured where. */
export interface Run {
  readonly date: string;
  readonly node: string;
  readonly database: string;
  readonly processors: number;
  readonly rounds: number;
}

/** The table as it stands in README.md. */
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
