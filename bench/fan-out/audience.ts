import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import type { AudienceOrder } from "./processes.js";

/**
 * Many subscribers in one process: they count what arrives, and when the last of them heard of each event.
 * Some of them may never read again once they have subscribed.
 */
const { address, operation, subscribers, stalled, stalledOperation } = JSON.parse(
  process.argv[2] ?? "",
) as AudienceOrder;

let count = 0;
let message = "";
const last: number[] = [];

interface Subscriber {
  readonly socket: WebSocket;
  events: number;
}

/** What a subscriber that never read finds when it looks at last. */
export interface Awoken {
  /** Bytes of one event. */
  readonly bytes: number;
  readonly events: number;
  readonly code: number;
  readonly reason: string;
}

const readers: Subscriber[] = [];
for (let index = 0; index < subscribers; index += 50)
  readers.push(...(await Promise.all(Array.from({ length: Math.min(50, subscribers - index) }, read))));
const sleepers = await Promise.all(Array.from({ length: stalled }, fallAsleep));

process.on("message", ({ id, question }: { id: string; question: string }) => {
  void answer(question).then((found) => process.send?.({ id, answer: found }));
});
// The service answers a subscription with its first event only: give it time to take the last ones.
setTimeout(() => process.send?.({ address }), 500);

async function answer(question: string): Promise<unknown> {
  if (question === "awake") return await Promise.all(sleepers.map(awake));
  if (question === "reset") {
    count = 0;
    last.length = 0;
    for (const reader of readers) reader.events = 0;
  }
  return { count, last, message };
}

async function read(): Promise<Subscriber> {
  const socket = await subscribe(operation);
  const subscriber = { socket, events: 0 };
  socket.on("message", (data: Buffer) => {
    // Events come in the same order to all, so counting tells which one it is.
    last[subscriber.events] = Date.now();
    subscriber.events += 1;
    count += 1;
    if (message === "") message = data.toString();
  });
  return subscriber;
}

/** Subscribes and then takes nothing from its TCP socket any more. */
async function fallAsleep(): Promise<WebSocket> {
  const socket = await subscribe(stalledOperation);
  socket.pause();
  return socket;
}

async function awake(socket: WebSocket): Promise<Awoken> {
  let bytes = 0;
  let events = 0;
  socket.on("message", (data: Buffer) => {
    bytes = data.length;
    events += 1;
  });
  const closed = new Promise<Awoken>((resolve) => {
    socket.once("close", (code, reason) => {
      resolve({ bytes, events, code, reason: String(reason) });
    });
  });
  socket.resume();
  return await closed;
}

async function subscribe(query: string): Promise<WebSocket> {
  const socket = new WebSocket(`${address.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send('{"type":"connection_init"}');
  await new Promise((resolve) => socket.once("message", resolve));
  socket.send(JSON.stringify({ id: randomUUID(), type: "subscribe", payload: { query } }));
  return socket;
}
