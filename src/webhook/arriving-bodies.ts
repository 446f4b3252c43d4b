import type { IncomingMessage, ServerResponse } from "node:http";
import express from "express";
import type { Config } from "../config.js";
import { UnavailableError } from "../errors.js";

type Handler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** Bodies that may arrive at once, for each delivery that may be in work: one that is slow costs a socket, and few bytes. */
const arrivingPerInFlight = 16;

/**
 * Reads bodies, within two bounds: how many arrive at once, and how many bytes all deliveries hold, those in work too (as many as
 * deliveries may be in work, of the greatest size). Where a bound is exceeded, the body that has been arriving longest gives way: a
 * true sender's is there within moments, and who only begins bodies displaces those begun before. A bound for each address would
 * refuse true senders, who come from few addresses or through one proxy, before it stopped anybody who has many.
 */
export function readBodies(config: Config["webhook"]): Handler {
  const readBody = express.raw({ type: () => true, limit: config.maxBytes });
  const mostArriving = arrivingPerInFlight * config.maxInFlight;
  const mostBytes = config.maxInFlight * config.maxBytes;
  /** How each body that is arriving is given up, the oldest first. */
  const arriving = new Set<() => void>();
  let bytes = 0;

  const makeRoom = () => {
    for (const giveUp of arriving) {
      if (arriving.size <= mostArriving && bytes <= mostBytes) return;
      giveUp();
    }
  };
  return (request, response, next) => {
    let held = 0;
    const hold = (count: number) => {
      bytes += count - held;
      held = count;
    };
    const finish = (error?: unknown) => {
      if (!arriving.delete(giveUp)) return;
      const { body } = request as { body?: unknown };
      hold(Buffer.isBuffer(body) ? body.length : 0);
      next(error);
    };
    const giveUp = () => {
      request.off("data", count).pause();
      finish(
        new UnavailableError(
          "Too many bodies arrive at once, and this one is slow; try again.",
          undefined,
          1,
        ),
      );
    };
    // What a compressed body inflates to is not known from what has come of it.
    const isPlain = (request.headers["content-encoding"] ?? "identity").toLowerCase() === "identity";
    const count = (chunk: Buffer) => {
      hold(isPlain ? Math.min(held + chunk.length, config.maxBytes) : config.maxBytes);
      makeRoom();
    };
    arriving.add(giveUp);
    request.on("data", count);
    response.once("close", () => {
      request.off("data", count);
      hold(0);
      arriving.delete(giveUp);
    });
    readBody(request, response, finish);
    makeRoom();
  };
}
