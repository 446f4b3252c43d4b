import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { ServiceError, UnavailableError } from "../errors.js";
import type { Outcome } from "../store/event-log.js";
import { receiveEvent, type ReceiveEventContext } from "./receive-event.js";

/** `POST /webhooks/whippy`: HTTP around {@link receiveEvent}. Errors go to the application's problem handler. */
export function webhookRouter(context: ReceiveEventContext): Router {
  const router = Router();
  router.post(
    "/webhooks/whippy",
    boundInFlight(context.config.maxInFlight),
    requireJson,
    express.raw({ type: () => true, limit: context.config.maxBytes }),
    async (request: Request, response: Response) => {
      const body: unknown = request.body;
      const outcome = await receiveEvent(
        { headers: request.headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) },
        context,
      );
      answer(response, outcome);
    },
  );
  router.all("/webhooks/whippy", (_request, response) => {
    response.setHeader("Allow", "POST");
    throw new ServiceError("Only POST is served here.", {
      status: 405,
      code: "METHOD_NOT_ALLOWED",
      logLevel: "info",
    });
  });
  return router;
}

/** 200: stored, or known already. 202: kept, but without effect so far; never a 4xx, which would lose the event after three retries. */
function answer(response: Response, outcome: Outcome): void {
  // For the metrics, which see every answer pass.
  response.locals.outcome = outcome.status === "projected" && !outcome.changed ? "unchanged" : outcome.status;
  switch (outcome.status) {
    case "projected":
      response.status(200).json({ status: "stored", eventId: outcome.eventId, sessionId: outcome.sessionId });
      return;
    case "duplicate":
      response.status(200).json({ status: "duplicate" });
      return;
    case "ignored":
      response.status(202).json({ status: "ignored", eventId: outcome.eventId });
      return;
    case "dead":
      response.status(202).json({ status: "dead", eventId: outcome.eventId, errors: outcome.error.fields });
  }
}

/** Refuses at once what exceeds the bound, before reading its body: a queue would only grow. */
function boundInFlight(most: number): RequestHandler {
  let inFlight = 0;
  return (_request, response, next) => {
    if (inFlight >= most) {
      response.setHeader("Connection", "close");
      throw new UnavailableError("Too many deliveries are in work; try again.", undefined, 1);
    }
    inFlight += 1;
    response.once("close", () => {
      inFlight -= 1;
    });
    next();
  };
}

const requireJson: RequestHandler = (request, _response, next) => {
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
