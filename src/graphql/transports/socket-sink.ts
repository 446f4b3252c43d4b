import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Message, Sink } from "../../feed/sink.js";
import { type Answer, answerText } from "../plan/json-text.js";

/** Room for what is told in one go; what is larger is not copied. */
const benchBytes = 32 * 1024;
/** RFC 6455: a whole text message, and how its length is written. */
const textFrame = 0x81;
const length16 = 126;
const length64 = 127;

/**
 * Where messages are put together with their frames, each before it is handed to its socket. The system
 * copies them out at once, so the place serves all sockets in turn: sending costs one system call and nothing
 * for the garbage collector.
 */
let bench = Buffer.allocUnsafeSlow(benchBytes);

/**
 * Writes one subscription's events to its socket, as graphql-transport-ws frames them. They go past ws too,
 * which would make a header and two chunks of each: sending is most of the work under load. Between messages
 * that is allowed, since without compression ws writes each of its own at once and whole.
 */
export class SocketSink implements Sink {
  readonly transport = "websocket";
  private readonly head: Buffer;

  constructor(
    readonly socket: WebSocket,
    private readonly connection: Socket,
    id: string,
  ) {
    this.head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  }

  get backlog(): number {
    return this.socket.bufferedAmount;
  }

  send(messages: readonly Message[]): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const size = this.sizeOf(messages);
    if (this.connection.writableLength > 0 || size > bench.length) this.queue(messages);
    else this.writeAtOnce(messages, size);
  }

  /** Writes the answer to a query. @returns its bytes */
  answer(payload: Answer): number {
    if (this.socket.readyState !== this.socket.OPEN) return 0;
    const message = Buffer.concat([this.head, Buffer.from(answerText(payload)), tail]);
    this.socket.send(message, { binary: false });
    return message.length;
  }

  private writeAtOnce(messages: readonly Message[], size: number): void {
    let at = 0;
    for (const { json } of messages) {
      at = writeHeader(bench, at, this.payloadSize(json));
      at += this.head.copy(bench, at);
      at += json.copy(bench, at);
      at += tail.copy(bench, at);
    }
    this.connection.write(bench.subarray(0, size));
    // The system did not take all of it: the rest is still in there.
    if (this.connection.writableLength > 0) bench = Buffer.allocUnsafeSlow(benchBytes);
  }

  /** The JSON itself is shared, however many sockets it waits for. */
  private queue(messages: readonly Message[]): void {
    this.connection.cork();
    for (const { json } of messages) {
      const header = Buffer.allocUnsafe(headerSize(this.payloadSize(json)));
      writeHeader(header, 0, this.payloadSize(json));
      for (const chunk of [header, this.head, json, tail]) this.connection.write(chunk);
    }
    this.connection.uncork();
  }

  private payloadSize(json: Buffer): number {
    return this.head.length + json.length + tail.length;
  }

  private sizeOf(messages: readonly Message[]): number {
    let size = 0;
    for (const { json } of messages) {
      const payload = this.payloadSize(json);
      size += headerSize(payload) + payload;
    }
    return size;
  }
}

const tail = Buffer.from("}");

function headerSize(payload: number): number {
  if (payload < length16) return 2;
  return payload < 65_536 ? 4 : 10;
}

/** A server's frames are not masked. @returns where the payload begins */
function writeHeader(target: Buffer, at: number, payload: number): number {
  target[at] = textFrame;
  const size = headerSize(payload);
  if (size === 2) target[at + 1] = payload;
  else if (size === 4) {
    target[at + 1] = length16;
    target.writeUInt16BE(payload, at + 2);
  } else {
    target[at + 1] = length64;
    target.writeUInt32BE(Math.floor(payload / 2 ** 32), at + 2);
    target.writeUInt32BE(payload % 2 ** 32, at + 6);
  }
  return at + size;
}
