import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { newEvent } from "./listening.js";

/** A query whose answer is as large as all transcripts together. */
export const largeQuery = "{ sessions(first: 50) { nodes { id chatTranscript } } }";

/** Posts sessions with transcripts of that many characters. */
export async function postLarge(url: string, sessions: number, characters: number): Promise<void> {
  for (let count = 0; count < sessions; count += 1) {
    const event = await newEvent("analyzed", { chat_transcript: "x".repeat(characters) });
    const response = await fetch(`${url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(event),
    });
    if (response.status !== 200) throw new Error(await response.text());
  }
}

/** A connection that sends a text, and reads nothing until it is resumed. */
export async function openPaused(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.pause();
  socket.write(text);
  return socket;
}

/** `GET` of an event stream, as it goes over the wire. */
export function streamRequest(query: string): string {
  const parameters = new URLSearchParams({ query }).toString();
  return `GET /graphql/stream?${parameters} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}
