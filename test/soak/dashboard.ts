import { createHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { headersOf, type Target } from "../support/rehearsal/abuse/abuse.js";
import type { BuiltService } from "../support/rehearsal/built-service.js";

const query = `{ sessions(first: 20) {
  nodes { id status startedAt endedAt userSentiment chatSummary messageCount agentVersion { id name } }
  pageInfo { hasNextPage endCursor }
} }`;
const intervalMilliseconds = 1_000;
const longestAnswer = 30_000;

/**
 * A well-behaved reader: the list that a dashboard shows, and the probe of an orchestrator, once a second.
 */
export class Dashboard {
  readonly errors: string[] = [];
  /** Microseconds of each list. */
  readonly latency = createHistogram();
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly target: Target,
    private readonly service: BuiltService,
  ) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      if (!(await this.service.isReady())) this.errors.push("/readyz did not say 200.");
      await this.ask().catch((error: unknown) => {
        this.errors.push(`A list had no answer (${error instanceof Error ? error.name : "?"}).`);
      });
      await delay(intervalMilliseconds);
    }
  }

  private async ask(): Promise<void> {
    const from = performance.now();
    const response = await fetch(`${this.target.url}/graphql`, {
      method: "POST",
      headers: headersOf(this.target),
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(longestAnswer),
    });
    const { errors } = (await response.json()) as { errors?: readonly { extensions?: { code?: string } }[] };
    this.latency.record(Math.max(1, Math.round((performance.now() - from) * 1_000)));
    if (errors !== undefined)
      this.errors.push(`A list was answered with ${errors[0]?.extensions?.code ?? "an error"}.`);
  }
}
