import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import type { Handler } from "../../http/handler.js";
import type { originHeaders, SetHeaders } from "../../http/answer-headers.js";
import type { Gate } from "../../access/gate.js";
import type { apolloHandler } from "./apollo-handler.js";

/** What is said and asked of every request to `/graphql`, on either way. */
export interface PostedOperationsParts {
  readonly gate: Pick<Gate, "enter">;
  readonly setSecurityHeaders: SetHeaders;
  readonly setOriginHeaders: ReturnType<typeof originHeaders>;
  /** Express's own middleware, which needs no application. */
  readonly readJson: RequestHandler;
  readonly answer: ReturnType<typeof apolloHandler>;
}

const path = /^\/graphql(?:\?|$)/;

/**
 * `POST /graphql` before the Express application, which takes longer than the rest of a small answer. Every
 * other request, and every error, goes to the application.
 */
export function postedOperations({
  gate,
  setSecurityHeaders,
  setOriginHeaders,
  readJson,
  answer,
}: PostedOperationsParts): Handler {
  const read = promised(readJson as unknown as Handler);
  return async (request, response, next) => {
    if (request.method !== "POST" || !path.test(request.url ?? "")) {
      next();
      return;
    }
    try {
      setSecurityHeaders(response);
      setOriginHeaders(request, response);
      await gate.enter(request);
      await read(request, response);
      await answer(request, response);
    } catch (error) {
      next(error);
    }
  };
}

/** A middleware that calls back, as one that is waited for. */
function promised(handler: Handler) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      void handler(request, response, (error) => {
        if (error === undefined) resolve();
        else
          reject(error instanceof Error ? error : new Error("The body could not be read.", { cause: error }));
      });
    });
  };
}
