import type { IncomingMessage, ServerResponse } from "node:http";
import type { Handler } from "../http/handler.js";
import type { Logger } from "../logger.js";
import type { DeliveryMetrics } from "../metrics/delivery.metrics.js";
import { traceIdOf } from "../tracing/tracing.js";
import type { ReceivedEvent } from "./receive-event.js";

/** Tells metrics and log of each delivery, once, whatever answers it. */
export class DeliveryWatch {
  private readonly received = new WeakMap<ServerResponse, ReceivedEvent>();

  constructor(
    private readonly metrics: DeliveryMetrics,
    private readonly logger: Logger,
    private readonly isTraced = false,
  ) {}

  /** To be called before anything answers. */
  readonly begin: Handler = (request, response, next) => {
    const begun = performance.now();
    this.metrics.begun();
    response.once("close", () => {
      this.finished(request, response, performance.now() - begun);
    });
    next();
  };

  /** What became of a delivery that is recorded; its answer alone does not tell. */
  recorded(response: ServerResponse, received: ReceivedEvent): void {
    this.received.set(response, received);
  }

  private finished(request: IncomingMessage, response: ServerResponse, milliseconds: number): void {
    const received = this.received.get(response);
    const outcome = received === undefined ? outcomeOfAnswer(request, response) : outcomeOf(received);
    const type = received === undefined ? "none" : (received.type ?? "other");
    const ids = received === undefined ? undefined : idsOf(received);
    this.metrics.finished({ type, outcome, milliseconds, organizationId: ids?.organizationId });
    const traceId = this.isTraced && ids !== undefined ? traceIdOf(ids.eventId) : undefined;
    const line = { type, outcome, ...ids, traceId, milliseconds: Math.round(milliseconds) };
    this.logger.info(line, "a delivery");
  }
}

function outcomeOf({ outcome }: ReceivedEvent): string {
  return outcome.status === "projected" && !outcome.changed ? "unchanged" : outcome.status;
}

function idsOf({ outcome }: ReceivedEvent) {
  if (outcome.status === "duplicate") return undefined;
  const { eventId } = outcome;
  if (outcome.status !== "projected") return { eventId, organizationId: undefined };
  return { eventId, organizationId: outcome.organizationId, sessionId: outcome.sessionId };
}

function outcomeOfAnswer(
  { complete }: IncomingMessage,
  { writableFinished, statusCode }: ServerResponse,
): string {
  // Who has sent everything waits for us: that they give up is our fault.
  if (!writableFinished) return complete ? "abandoned" : "aborted";
  if (statusCode === 401) return "unauthentic";
  if (statusCode === 503) return "unavailable";
  return statusCode < 500 ? "refused" : "failed";
}
