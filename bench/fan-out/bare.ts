import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** On every POST it sends the same bytes to everyone: what a fan-out costs at the very least. */
const [message = ""] = process.argv.slice(2);

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", (data: Buffer) => {
    if (data.includes("connection_init")) socket.send('{"type":"connection_ack"}');
  });
});
const server = createServer((request, response) => {
  request.resume().once("end", () => {
    response.end();
    for (const socket of sockets.clients) socket.send(message);
  });
});
server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    sockets.emit("connection", webSocket, request);
  });
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
