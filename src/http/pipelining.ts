import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "../logger.js";

/** Requests of one connection that may wait for the answers before theirs. */
const mostWaiting = 32;

/**
 * Handles the pipelined requests of a connection one after another. Node parses them all at once, and tells a
 * response whose turn has not come neither that the client has left nor that it does not read, so whatever
 * waits for "close" would be held for ever.
 *
 * Every response gets an error listener too: an error that nobody listens for ends the process.
 */
export function oneAtATime(handle: RequestListener, logger: Logger): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  const changeWaiting = (socket: Socket, change: 1 | -1) => {
    const count = (waiting.get(socket) ?? 0) + change;
    waiting.set(socket, count);
    return count;
  };
  return (request: IncomingMessage, response: ServerResponse) => {
    response.on("error", (err) => {
      logger.debug({ err }, "an answer could not be sent");
    });
    if (response.socket !== null) {
      handle(request, response);
      return;
    }
    const { socket } = request;
    if (changeWaiting(socket, 1) > mostWaiting) {
      socket.destroy();
      return;
    }
    response.once("socket", () => {
      changeWaiting(socket, -1);
      handle(request, response);
    });
  };
}
