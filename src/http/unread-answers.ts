import type { Server } from "node:http";
import type { Socket } from "node:net";
import { LRUCache } from "lru-cache";
import { RateLimitedError } from "../errors.js";
import type { Logger } from "../logger.js";

/** How much may wait for clients that do not read. */
export interface UnreadLimits {
  /** Bytes that may wait for one client; while more do, nothing more is made for it. */
  readonly bufferBytes: number;
  /** How long a client may take nothing of what waits for it before it is closed. */
  readonly stallMilliseconds: number;
  /**
   * Bytes of answers that may be made or wait for all clients together; where more wait, the slowest is
   * closed.
   */
  readonly totalBytes: number;
}

/** Who is answered. */
export interface Recipient {
  readonly socket: Socket;
  readonly callerId: string;
}

/** How many answers are made at once for one connection, and for one caller, however small they are. */
const atOnceOfConnection = 4;
const atOnceOfCaller = 8;
/** Requests of one caller that may wait for room for their answers. */
const mostWaiting = 1_000;
const lookMilliseconds = 100;
/**
 * How many callers' sizes of answers are known, and how much of a size is still expected after a smaller
 * answer.
 */
const mostCallersKnown = 10_000;
const forgetting = 0.9;
/** Where all together are too much, nobody is closed that has had less time than this to read. */
const graceMilliseconds = 2_000;

/**
 * What clients have not read yet, whatever the transport: every answer to a query and every page of an export
 * is made here, when there is room for it, and every connection to the server is watched. A client that does
 * not read makes the service keep little, and not for long; a caller that has left nothing unread is always
 * served.
 */
export class UnreadAnswers {
  private readonly connections = new Map<Socket, Connection>();
  /** Those with answers that were not read when they were looked at last. */
  private readonly unreadOnes = new Set<Connection>();
  /** Answers that wait for their turn, in order. */
  private waiting: Waiting[] = [];
  private readonly makingOf = new Map<string, number>();
  /** Bytes that an answer of each caller is expected to have: as its largest of late. */
  private readonly expectedOf = new LRUCache<string, number>({ max: mostCallersKnown });
  private looking: NodeJS.Timeout | undefined;
  private closed = 0;

  constructor(
    private readonly limits: UnreadLimits,
    private readonly logger: Logger,
  ) {}

  /** Watches all connections of a server, from now on. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => {
      this.connections.set(socket, new Connection(socket));
      socket.on("drain", () => {
        this.startWaiting();
      });
      socket.once("close", () => {
        this.forget(socket);
        this.startWaiting();
      });
    });
    this.looking = setInterval(() => {
      this.look();
    }, lookMilliseconds).unref();
  }

  /** Connections that were closed because their clients did not read. */
  get closedSlow(): number {
    return this.closed;
  }

  /** Bytes of answers that clients have not read. */
  get unreadBytes(): number {
    return this.unread();
  }

  stop(): Promise<void> {
    clearInterval(this.looking);
    return Promise.resolve();
  }

  /** Says how a connection is closed whose client takes nothing; without it, the connection is cut. */
  closeWith(socket: Socket, close: () => void): void {
    const connection = this.connections.get(socket);
    if (connection !== undefined) connection.close = close;
  }

  /** Whether more waits for a client than may. */
  isFull(socket: Socket): boolean {
    return socket.writableLength > this.limits.bufferBytes;
  }

  /**
   * Asked before a request over HTTP is answered. What else may wait is bounded by the limits of
   * subscriptions.
   * @throws RateLimitedError where too many of the caller's wait already
   */
  demandFewWaiting(callerId: string): void {
    const waiting = this.waiting.filter(({ recipient }) => recipient.callerId === callerId);
    if (waiting.length >= mostWaiting)
      throw new RateLimitedError("Too many answers wait until others are read.", 5, "waiting_answers");
  }

  /**
   * Makes an answer once there is room for it.
   * @param make makes it and writes it. @returns its bytes
   * @returns false where the client has left before it was made
   */
  async answer(recipient: Recipient, make: () => Promise<number>): Promise<boolean> {
    if (!this.start(recipient)) {
      const isStarted = await new Promise<boolean>((settle) => this.waiting.push({ recipient, settle }));
      if (!isStarted) return false;
    }
    const { socket, callerId } = recipient;
    const connection = this.connections.get(socket);
    try {
      const bytes = await make();
      this.expectedOf.set(callerId, Math.max(bytes, this.expected(callerId) * forgetting));
      if (connection !== undefined && bytes > 0) {
        connection.answered(bytes);
        this.unreadOnes.add(connection);
      }
    } finally {
      if (connection !== undefined) connection.making -= 1;
      this.countOf(callerId, -1);
      this.startWaiting();
    }
    return true;
  }

  private start({ socket, callerId }: Recipient): boolean {
    const connection = this.connections.get(socket);
    if (connection === undefined || !this.hasRoom(connection, callerId)) return false;
    connection.making += 1;
    connection.callerId = callerId;
    this.countOf(callerId, 1);
    return true;
  }

  private hasRoom({ socket, making }: Connection, callerId: string): boolean {
    if (making >= atOnceOfConnection || this.isFull(socket)) return false;
    if ((this.makingOf.get(callerId) ?? 0) >= atOnceOfCaller) return false;
    if (!this.makingOf.has(callerId) && this.unread(callerId) === 0) return true;
    return this.unread() + this.making() + this.expected(callerId) <= this.limits.totalBytes;
  }

  private expected(callerId: string): number {
    return this.expectedOf.get(callerId) ?? 0;
  }

  /** Bytes that the answers that are being made are expected to have. */
  private making(): number {
    let bytes = 0;
    for (const [callerId, count] of this.makingOf) bytes += count * this.expected(callerId);
    return bytes;
  }

  private unread(callerId?: string): number {
    let bytes = 0;
    for (const connection of this.unreadOnes)
      if (callerId === undefined || connection.callerId === callerId) bytes += connection.unread;
    return bytes;
  }

  private countOf(callerId: string, change: 1 | -1): void {
    const making = (this.makingOf.get(callerId) ?? 0) + change;
    if (making === 0) this.makingOf.delete(callerId);
    else this.makingOf.set(callerId, making);
  }

  private startWaiting(): void {
    this.waiting = this.waiting.filter(({ recipient, settle }) => {
      const isGone = !this.connections.has(recipient.socket);
      if (!isGone && !this.start(recipient)) return true;
      settle(!isGone);
      return false;
    });
  }

  private look(): void {
    const now = performance.now();
    for (const connection of this.connections.values()) {
      connection.look(now);
      if (connection.unread === 0) this.unreadOnes.delete(connection);
      if (connection.stalledFor(now) > this.limits.stallMilliseconds) this.close(connection);
    }
    if (this.unread() > this.limits.totalBytes) this.closeSlowest(now);
    this.startWaiting();
  }

  private closeSlowest(now: number): void {
    const slow = [...this.unreadOnes].filter((connection) => connection.waitedFor(now) > graceMilliseconds);
    const [slowest] = slow.sort((one, other) => one.pace(now) - other.pace(now));
    if (slowest !== undefined) this.close(slowest);
  }

  private close(connection: Connection): void {
    this.logger.info({ caller: connection.callerId }, "a client that does not read is closed");
    this.closed += 1;
    this.forget(connection.socket);
    connection.close();
  }

  private forget(socket: Socket): void {
    const connection = this.connections.get(socket);
    this.connections.delete(socket);
    if (connection !== undefined) this.unreadOnes.delete(connection);
  }
}

interface Waiting {
  readonly recipient: Recipient;
  readonly settle: (isStarted: boolean) => void;
}

/** One connection: what waits for its client, and how fast the client takes it. */
class Connection {
  making = 0;
  callerId: string | undefined;
  close: () => void;
  /**
   * Bytes of answers that were written since nothing waited. What waits beside them are events, which
   * subscribers share.
   */
  private written = 0;
  /**
   * Since when something waits, since when nothing was taken of it, and how much had been taken in all at
   * these times.
   */
  private waits:
    { readonly since: number; readonly from: number; movedAt: number; taken: number } | undefined;

  constructor(readonly socket: Socket) {
    this.close = () => socket.destroy();
  }

  answered(bytes: number): void {
    this.written += bytes;
  }

  get unread(): number {
    return Math.min(this.written, this.socket.writableLength);
  }

  look(now: number): void {
    if (this.socket.writableLength === 0) {
      this.waits = undefined;
      if (this.making === 0) this.written = 0;
      return;
    }
    const taken = takenFrom(this.socket);
    if (this.waits === undefined) this.waits = { since: now, from: taken, movedAt: now, taken };
    else if (taken > this.waits.taken) [this.waits.movedAt, this.waits.taken] = [now, taken];
  }

  stalledFor(now: number): number {
    return this.waits === undefined ? 0 : now - this.waits.movedAt;
  }

  waitedFor(now: number): number {
    return this.waits === undefined ? 0 : now - this.waits.since;
  }

  /** Bytes a millisecond. */
  pace(now: number): number {
    return this.waits === undefined
      ? Infinity
      : (this.waits.taken - this.waits.from) / (now - this.waits.since);
  }
}

/**
 * Bytes that the system has taken. A socket itself says of each write only that it is done: a large answer,
 * read slowly, would look like one that nobody reads. How far a write has come stands in the socket's handle,
 * by which Node's own timeouts go.
 */
function takenFrom(socket: Socket): number {
  const { _handle: handle } = socket as {
    _handle?: { bytesWritten?: number; writeQueueSize?: number } | null;
  };
  const { bytesWritten, writeQueueSize } = handle ?? {};
  if (bytesWritten === undefined || writeQueueSize === undefined)
    return socket.bytesWritten - socket.writableLength;
  return bytesWritten - writeQueueSize;
}
