import type { ServerResponse } from "node:http";
import express from "express";
import { ServiceError, UnavailableError } from "../errors.js";
import type { Handler } from "../http/handler.js";
import type { Outcome } from "../store/event-log.js";
import { refuseUnsigned } from "./admit.js";
import { ArrivingBodies } from "./arriving-bodies.js";
import { DeliveryWatch } from "./delivery-watch.js";
import { receiveEvent, type ReceiveEventContext } from "./receive-event.js";

const path = "/webhooks/whippy";

/**
 * `POST /webhooks/whippy`: HTTP around {@link receiveEvent}. What is not for it, and every error, goes to
 * `next`.
 *
 * It is a router of its own before the Express application, not within: the application turns each request
 * and response into its own kind by changing their prototypes, which costs more of the processor than all
 * else that HTTP does for a delivery.
 */
export function webhookRouter(context: ReceiveEventContext): Handler {
  const { config } = context;
  const watch = new DeliveryWatch(context.metrics, context.logger, context.tracing !== undefined);
  const bodies = new ArrivingBodies(config);
  const takeSlot = boundInFlight(config.maxInFlight);
  const receive: Handler = async (request, response) => {
    const body = await bodies.read(request);
    const received = await takeSlot(() => receiveEvent({ headers: request.headers, body }, context));
    watch.recorded(response, received);
    answer(response, received.outcome);
  };
  const refuse: Handler = (_request, response) => {
    response.setHeader("Allow", "POST");
    throw new ServiceError("Only POST is served here.", {
      status: 405,
      code: "METHOD_NOT_ALLOWED",
      logLevel: "info",
    });
  };
  const router = express.Router();
  router.use(path, watch.begin);
  const requireSignature: Handler = (request, _response, next) => {
    refuseUnsigned(request.headers, config);
    next();
  };
  router.post(path, requireSignature, requireJson, receive);
  router.all(path, refuse);
  return router as unknown as Handler;
}

/**
 * 200: stored, or known already. 202: kept, but without effect so far; never a 4xx, which would lose the
 * event after three retries.
 */
function answer(response: ServerResponse, outcome: Outcome): void {
  if (outcome.status === "duplicate") {
    send(response, 200, { status: "duplicate" });
    return;
  }
  const { eventId } = outcome;
  const notes = outcome.notes.length === 0 ? {} : { notes: outcome.notes };
  switch (outcome.status) {
    case "projected":
      send(response, 200, { status: "stored", eventId, sessionId: outcome.sessionId, ...notes });
      return;
    case "ignored":
      send(response, 202, { status: "ignored", eventId, ...notes });
      return;
    case "dead":
      send(response, 202, { status: "dead", eventId, errors: outcome.error.fields, ...notes });
  }
}

function send(response: ServerResponse, status: 200 | 202, content: object): void {
  const text = JSON.stringify(content);
  response
    .writeHead(status, {
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": Buffer.byteLength(text),
      "X-Content-Type-Options": "nosniff",
    })
    .end(text);
}

/**
 * Refuses at once what exceeds the bound: a queue would only grow. Whoever has not sent a whole body holds no
 * place.
 */
function boundInFlight(most: number) {
  let inFlight = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (inFlight >= most)
      throw new UnavailableError("Too many deliveries are in work; try again.", undefined, 1, "deliveries");
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  };
}

const requireJson: Handler = (request, _response, next) => {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(type)) {
    throw new ServiceError("Content-Type: must be application/json.", {
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
      logLevel: "info",
    });
  }
  next();
};
