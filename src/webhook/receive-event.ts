import type { IncomingHttpHeaders } from "node:http";
import type { Config } from "../config.js";
import { parseEnvelope } from "../events/envelope.js";
import type { Feed } from "../feed/feed.js";
import { findEvent } from "../events/registry.js";
import type { Logger } from "../logger.js";
import type { DeliveryMetrics } from "../metrics/delivery.metrics.js";
import type { EventLog, Outcome } from "../store/event-log.js";
import { newReceipt, type Receipt } from "../store/receipt.js";
import type { Tracing } from "../tracing/tracing.js";
import { admit } from "./admit.js";

/** What the story of a webhook needs. */
export interface ReceiveEventContext {
  readonly config: Config["webhook"];
  readonly events: EventLog;
  readonly feed: Feed;
  readonly metrics: DeliveryMetrics;
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
}

/** A delivery that is recorded. */
export interface ReceivedEvent {
  /** Its type, where it is understood. */
  readonly type: string | undefined;
  readonly outcome: Outcome;
}

/**
 * The whole story of a webhook: verify the raw bytes, read the envelope, store the delivery with its meaning
 * in one transaction, and only then tell the feed.
 * @throws ServiceError: 400 no event, 401 not authentic, 503 cannot be stored now
 */
export async function receiveEvent(
  request: { readonly headers: IncomingHttpHeaders; readonly body: Buffer },
  { config, events, feed, metrics, tracing, logger }: ReceiveEventContext,
): Promise<ReceivedEvent> {
  const signature = admit(request, config, logger);
  const envelope = parseEnvelope(request.body);
  const type = findEvent(envelope.event)?.name;
  const begun = performance.now();
  const receipt = newReceipt();
  const record = () => events.record({ body: request.body, envelope, signature, receipt });
  const outcome = await (tracing?.delivery(describe(receipt, type, request.headers), record) ?? record());
  metrics.committed(performance.now() - begun);
  if (outcome.status === "projected" && outcome.changed) feed.committed(outcome.assignment);
  if (outcome.status !== "duplicate" && outcome.notes.length > 0) {
    const { eventId, notes } = outcome;
    logger.info({ eventId, notes }, "odd fields of an event were left out");
  }
  if (outcome.status === "dead") {
    const { fields, cause, logLevel } = outcome.error;
    logger[logLevel](
      { eventId: outcome.eventId, fields, ...(cause !== undefined && { err: cause }) },
      "dead letter",
    );
  }
  return { type, outcome };
}

function describe({ id: eventId }: Receipt, type: string | undefined, { traceparent }: IncomingHttpHeaders) {
  return {
    name: "POST /webhooks/whippy",
    eventId,
    traceparent: typeof traceparent === "string" ? traceparent : undefined,
    attributes: {
      "http.request.method": "POST",
      "http.route": "/webhooks/whippy",
      "whippy.event.type": type ?? "other",
    },
  };
}
