import { SingleBar } from "cli-progress";
import type { SimulationReport } from "./run-simulation.js";
import type { SimulationSummary } from "./tally.js";

/** A bar on the terminal; nothing at all where the stream is a file or a pipe. */
export function showProgress(stream: NodeJS.WriteStream): { report: SimulationReport; stop: () => void } {
  if (!stream.isTTY) return { report: stayQuiet, stop: stayQuiet };
  const bar = new SingleBar({
    format: "{bar} {percentage}% | {value}/{total} deliveries | {failures} failed | {eta_formatted} left",
    stream,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 200,
    // The command itself ends on a signal, with its summary.
    gracefulExit: false,
  });
  bar.start(0, 0, { failures: 0 });
  return {
    report: ({ deliveries, failures, expected }) => {
      bar.setTotal(expected);
      bar.update(deliveries, { failures });
    },
    stop: () => {
      bar.stop();
    },
  };
}

const stayQuiet = (): void => undefined;

/** The summary for people. It names counts and times only: no body, no address of a contact, no secret. */
export function formatSummary(summary: SimulationSummary, url: string): string {
  const { latencyMs, elapsedMs, deliveriesPerSecond } = summary;
  const { p50, p95, p99 } = latencyMs;
  const answers = Object.entries(summary.answers).map(([status, count]) => `${status} × ${count}`);
  const lines = [
    `sessions     ${summary.sessions}`,
    `deliveries   ${summary.deliveries} in ${(elapsedMs / 1000).toFixed(2)} s, ${deliveriesPerSecond.toFixed(1)}/s`,
    `answers      ${answers.join(", ") || "none"}`,
    `retries      ${summary.retries}`,
    `failures     ${summary.failures}`,
    `latency      p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  ];
  if (summary.lost > 0) lines.push(`lost         ${summary.lost}`);
  if (summary.interrupted > 0) lines.push(`interrupted  ${summary.interrupted}`);
  return [...lines, ...hints(summary, url)].join("\n");
}

function hints({ failures, answers }: SimulationSummary, url: string): string[] {
  if (failures === 0) return [];
  const { origin, pathname } = new URL(url);
  const seen = Object.keys(answers);
  const found: string[] = [];
  if (seen.some((status) => status.startsWith("no answer"))) {
    const whose = seen.some((status) => /^\d/.test(status)) ? "Not every attempt was" : "No attempt was";
    found.push(`${whose} answered at ${origin}${pathname}: does the service run there?`);
  }
  if (seen.includes("401")) {
    found.push("The service refused signatures: --secret must be one of its WEBHOOK_SECRETS.");
  }
  return found;
}
