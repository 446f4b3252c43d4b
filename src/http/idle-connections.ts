import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** More than any balancer keeps open to one instance. */
export const mostIdleConnections = 4_096;

/**
 * Closes the connection that has been idle longest where more than `most` are idle, those that have sent no
 * whole request yet among them: they stay open for a minute, and anybody may open them. Sockets that became
 * WebSockets are counted elsewhere.
 */
export function boundIdleConnections(server: Server, most = mostIdleConnections): void {
  /** In the order in which they became idle. */
  const idle = new Set<Socket>();
  const rest = (socket: Socket) => {
    if (socket.destroyed) return;
    idle.add(socket);
    const [longest] = idle;
    if (idle.size > most) longest?.destroy();
  };
  server.on("connection", (socket: Socket) => {
    socket.once("close", () => idle.delete(socket));
    rest(socket);
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    idle.delete(socket);
    response.once("close", () => {
      rest(socket);
    });
  });
  server.on("upgrade", ({ socket }: IncomingMessage) => idle.delete(socket));
}
