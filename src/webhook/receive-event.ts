import type { IncomingHttpHeaders } from "node:http";
import type { Config } from "../config.js";
import { parseEnvelope } from "../events/envelope.js";
import type { Feed } from "../feed/feed.js";
import type { Logger } from "../logger.js";
import type { EventLog, Outcome } from "../store/event-log.js";
import { admit } from "./admit.js";

/** What the story of a webhook needs. */
export interface ReceiveEventContext {
  readonly config: Config["webhook"];
  readonly events: EventLog;
  readonly feed: Feed;
  readonly logger: Logger;
}

/**
 * The whole story of a webhook: verify the raw bytes, read the envelope, store the delivery with its meaning
 * in one transaction, and only then tell the feed.
 * @throws ServiceError: 400 no event, 401 not authentic, 503 cannot be stored now
 */
export async function receiveEvent(
  request: { readonly headers: IncomingHttpHeaders; readonly body: Buffer },
  { config, events, feed, logger }: ReceiveEventContext,
): Promise<Outcome> {
  const signature = admit(request, config, logger);
  const envelope = parseEnvelope(request.body);
  const outcome = await events.record({ body: request.body, envelope, signature });
  if (outcome.status === "projected" && outcome.changed) feed.nudge();
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
  return outcome;
}
