import { once } from "node:events";
import { TolerantWebSocket } from "../tolerant-web-socket.js";
import type { Target } from "./abuse.js";

/** A WebSocket on which operations may begin. */
export async function openSocket({ url, token }: Target): Promise<TolerantWebSocket> {
  const socket = new TolerantWebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  await once(socket, "open");
  const payload = token === undefined ? {} : { token };
  socket.send(JSON.stringify({ type: "connection_init", payload }));
  await once(socket, "message");
  return socket;
}

/** Begins an operation. */
export function begin(socket: TolerantWebSocket, id: string, query: string, variables: object = {}): void {
  socket.send(JSON.stringify({ id, type: "subscribe", payload: { query, variables } }));
}
