import type { ServerResponse } from "node:http";
import { Router } from "express";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { demandOperator } from "./access/caller.js";
import type { Gate } from "./access/gate.js";

/** What is asked of the database when somebody scrapes. */
export interface MetricSources {
  deadLetters(): Promise<number>;
  feedHead(): Promise<number>;
  openSubscriptions(): number;
}

const seconds = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** The service's Prometheus metrics, in a registry of its own. Labels hold no data of an event. */
export class Metrics {
  readonly registry = new Registry();

  private readonly deliveries = new Histogram({
    name: "webhook_delivery_seconds",
    help: "Time from a delivery's headers to its answer, by outcome (its count is the number of deliveries).",
    labelNames: ["outcome"],
    buckets: seconds,
    registers: [this.registry],
  });

  private readonly inFlight = new Gauge({
    name: "webhook_deliveries_in_flight",
    help: "Deliveries in work.",
    registers: [this.registry],
  });

  private readonly outcomes = new WeakMap<ServerResponse, string>();

  private readonly operations = new Histogram({
    name: "graphql_operation_seconds",
    help: "Time of a GraphQL query over HTTP, by result (its count is the number of operations).",
    labelNames: ["result"],
    buckets: seconds,
    registers: [this.registry],
  });

  constructor(sources: MetricSources) {
    collectDefaultMetrics({ register: this.registry });
    this.ask("webhook_dead_letters", "Events that are recorded and not understood.", () =>
      sources.deadLetters(),
    );
    this.ask("graphql_subscriptions_open", "Subscriptions that are open.", () =>
      Promise.resolve(sources.openSubscriptions()),
    );
    this.ask("feed_head_position", "The last position of the feed.", () => sources.feedHead());
  }

  /** Counts what passes, whatever answers it; see {@link delivered}. */
  readonly countDeliveries = (_request: unknown, response: ServerResponse, next: () => void): void => {
    this.inFlight.inc();
    const stop = this.deliveries.startTimer();
    response.once("close", () => {
      this.inFlight.dec();
      const outcome = this.outcomes.get(response);
      stop({ outcome: outcome ?? outcomeOf(response.writableFinished, response.statusCode) });
    });
    next();
  };

  /** What became of a delivery that was recorded; an answer alone does not tell. */
  delivered(response: ServerResponse, outcome: string): void {
    this.outcomes.set(response, outcome);
  }

  operationFinished(milliseconds: number, result: "ok" | "error"): void {
    this.operations.observe({ result }, milliseconds / 1_000);
  }

  private ask(name: string, help: string, source: () => Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        // Where the database is away, the other metrics are wanted all the more.
        const value = await source().catch(() => undefined);
        if (value === undefined) this.reset();
        else this.set(value);
      },
    });
  }
}

/** `/metrics` for Prometheus: for operators only, as they count over all organizations. */
export function metricsRouter({ registry }: Metrics, gate: Pick<Gate, "callerOf">): Router {
  const router = Router();
  router.get("/metrics", async (request, response) => {
    demandOperator(gate.callerOf(request), "Metrics");
    response.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}

function outcomeOf(isAnswered: boolean, status: number): string {
  if (!isAnswered) return "aborted";
  if (status === 401) return "unauthentic";
  if (status === 503) return "unavailable";
  return status < 500 ? "refused" : "failed";
}
