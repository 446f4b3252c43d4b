import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

/** Many subscribers in one process: they count what arrives, and when the last of them heard of each event. */
const [address = "", subscribers = "1", operation = ""] = process.argv.slice(2);

let count = 0;
let message = "";
const last: number[] = [];

process.on("message", ({ id, question }: { id: string; question: string }) => {
  if (question === "reset") {
    count = 0;
    last.length = 0;
    for (const heard of sockets) heard.events = 0;
  }
  process.send?.({ id, answer: { count, last, message } });
});

interface Subscriber {
  readonly socket: WebSocket;
  events: number;
}

const sockets: Subscriber[] = [];
for (let index = 0; index < Number(subscribers); index += 50) {
  const some = Array.from({ length: Math.min(50, Number(subscribers) - index) }, subscribe);
  sockets.push(...(await Promise.all(some)));
}
// The service answers a subscription with its first event only: give it time to take the last ones.
setTimeout(() => process.send?.({ address }), 500);

async function subscribe(): Promise<Subscriber> {
  const socket = new WebSocket(`${address.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const subscriber = { socket, events: 0 };
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send('{"type":"connection_init"}');
  await new Promise((resolve) => socket.once("message", resolve));
  socket.send(JSON.stringify({ id: randomUUID(), type: "subscribe", payload: { query: operation } }));
  socket.on("message", (data: Buffer) => {
    // Events come in the same order to all, so counting tells which one it is.
    last[subscriber.events] = Date.now();
    subscriber.events += 1;
    count += 1;
    if (message === "") message = data.toString();
  });
  return subscriber;
}
