import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ExecutionArgs, GraphQLError } from "graphql";
import { CloseCode, handleProtocols, makeServer } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Subscriber } from "../../feed/group.js";
import type { Recipient } from "../../http/unread-answers.js";
import { OperationIds } from "../admission/operation-ids.js";
import { SocketAccess, type SocketExtra } from "./socket-access.js";
import { SocketSink } from "./socket-sink.js";
import { toOperation, type TransportParts } from "./transport.js";

/** Closes a connection whose client takes nothing: a code that clients answer by connecting again. */
const tooSlow = { code: 4008, reason: "The client does not keep up; it may resume from its last cursor." };
/** How long a peer may take to answer a close before its connection is cut. */
const closeMilliseconds = 5_000;
/** How long a socket may stay open without saying who is there. */
const initMilliseconds = 5_000;
const greatestMessage = 1024 * 1024;
const subscriberAlreadyExists: number = CloseCode.SubscriberAlreadyExists;
const idInUse = "Subscriber already exists";

/** An operation on its way through graphql-ws, with the place where its events go. */
interface SocketOperation extends ExecutionArgs {
  readonly sink: SocketSink;
  readonly cost: number;
  readonly recipient: Recipient;
  /** Whether nobody waits for the answer any more. */
  readonly isGone: () => boolean;
}

/**
 * `/graphql` over WebSocket, subprotocol graphql-transport-ws. graphql-ws keeps the protocol; events alone go
 * past it, since it would serialise every event anew for every subscriber: they are made once and written to
 * the sockets as they are.
 */
export class SocketEndpoint {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: greatestMessage,
    perMessageDeflate: false,
    handleProtocols,
  });
  private readonly silent = new WeakSet<WebSocket>();
  private readonly heartbeat: NodeJS.Timeout;
  private readonly access: SocketAccess;

  constructor(private readonly parts: TransportParts) {
    this.access = new SocketAccess(parts.access);
    const protocol = serveProtocol(parts, this.access);
    this.sockets.on("connection", (socket: WebSocket, request: IncomingMessage) => {
      socket.on("error", (err) => {
        parts.logger.debug({ err }, "a WebSocket failed");
      });
      socket.on("pong", () => this.silent.delete(socket));
      const operations = new OperationIds();
      const closed = protocol.opened(adapt({ socket, request, operations }, parts), {
        socket,
        request,
        operations,
      });
      socket.once("close", (code, reason) => void closed(code, String(reason)));
      parts.unread.closeWith(request.socket, () => {
        // Its subscriptions end now: it may be long until the close is read.
        void closed(tooSlow.code, tooSlow.reason);
        closeOrCut(socket, tooSlow.code, tooSlow.reason);
      });
    });
    this.heartbeat = setInterval(() => {
      this.askAll();
    }, parts.keepAliveSeconds * 1_000);
  }

  /** Serves upgrades of /graphql; any other path, and whoever may not come in, is refused. */
  attach(server: HttpServer): void {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // HTTP has let go of the socket, with its listener: unheard, a reset by the peer would end the process.
      socket.on("error", (err) => {
        this.parts.logger.debug({ err }, "an upgrade failed");
      });
      const refusal = this.refuseUpgrade(request);
      if (refusal !== undefined) {
        socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\n\r\n`, () => {
          socket.destroy();
        });
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.sockets.emit("connection", webSocket, request);
      });
    });
  }

  /** Nothing that a request holds may throw here: nobody above would catch it. */
  private refuseUpgrade(request: IncomingMessage): string | undefined {
    try {
      return this.access.refuseUpgrade(request);
    } catch (err) {
      this.parts.logger.error({ err }, "an upgrade could not be judged");
      return "500 Internal Server Error";
    }
  }

  /** Closes all sockets with 1001 (going away), so that clients resume elsewhere. */
  async stop(): Promise<void> {
    clearInterval(this.heartbeat);
    for (const socket of this.sockets.clients) closeOrCut(socket, 1001, "Going away");
    await new Promise<void>((resolve) => {
      this.sockets.close(() => {
        resolve();
      });
    });
  }

  /**
   * Cuts who has not answered since the last time, unless what waits for it delays the question: then its
   * pace is judged by that.
   */
  private askAll(): void {
    for (const socket of this.sockets.clients) {
      if (this.silent.has(socket) && socket.bufferedAmount === 0) {
        socket.terminate();
        continue;
      }
      this.silent.add(socket);
      if (socket.readyState === socket.OPEN) socket.ping();
    }
  }
}

function serveProtocol(parts: TransportParts, access: SocketAccess) {
  const { preparer, operations, contextFor, formatError } = parts;
  return makeServer<Record<string, unknown>, SocketExtra>({
    connectionInitWaitTimeout: initMilliseconds,
    onConnect: (socket) => access.enter(socket),
    onClose: (socket) => {
      access.leave(socket);
    },
    onSubscribe: async (socket, id, payload) => {
      const refusal = await access.refuse(socket);
      if (refusal !== undefined) return [refusal];
      const { socket: webSocket } = socket.extra;
      const isGone = () => webSocket.readyState !== webSocket.OPEN || !(id in socket.subscriptions);
      const caller = access.callerOf(socket);
      const prepared = await preparer.prepare(payload, contextFor(caller, isGone));
      if (!("args" in prepared)) return prepared;
      const clientsId = socket.extra.operations.clientsId(id);
      const sink = new SocketSink(socket.extra.socket, socket.extra.request.socket, clientsId);
      const recipient = { socket: socket.extra.request.socket, callerId: caller.id };
      return { ...prepared.args, cost: prepared.cost, sink, recipient, isGone } satisfies SocketOperation;
    },
    subscribe: async (args) => {
      const { sink } = args as SocketOperation;
      return untilEnded(await operations.open(toOperation(args), sink));
    },
    execute: (args) => answer(args as SocketOperation, parts),
    onError: (_socket, _id, _payload, errors) => errors.map((error) => formatError(error)),
  });
}

/**
 * Executes a query and writes its answer, once there is room for it. @returns what tells graphql-ws that
 * nothing is left to send
 */
async function answer(
  operation: SocketOperation,
  { executor, unread, formatError }: TransportParts,
): Promise<AsyncIterableIterator<never>> {
  const { sink, cost, recipient, isGone } = operation;
  await unread.answer(recipient, async () => {
    if (isGone()) return 0;
    const result = await executor.execute(toOperation(operation));
    if (isGone()) return 0;
    return sink.answer({
      ...result,
      ...(result.errors && { errors: result.errors.map((error) => formatError(error)) }),
      extensions: { cost },
    });
  });
  return nothing();
}

async function* nothing(): AsyncGenerator<never, void, void> {
  // Yields nothing.
}

/**
 * What graphql-ws holds as the subscription: it yields nothing (events are pushed into the sink), ends when
 * the subscriber does, fails with its error, and is returned from when the client completes or leaves.
 */
function untilEnded(opened: Subscriber | readonly GraphQLError[]): AsyncGenerator<never, void, void> {
  const done = { done: true, value: undefined } as const;
  const generator: AsyncGenerator<never, void, void> = {
    next: async () => {
      if (!("ended" in opened)) throw opened[0]?.originalError ?? opened[0] ?? new Error("Not subscribed.");
      await opened.ended;
      return done;
    },
    return: () => {
      if ("ended" in opened) opened.end();
      return Promise.resolve(done);
    },
    throw: () => generator.return(),
    [Symbol.asyncIterator]: () => generator,
  };
  return generator;
}

/** Closes in order; a peer that does not answer in time is cut off. */
function closeOrCut(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  const cut = setTimeout(() => {
    socket.terminate();
  }, closeMilliseconds);
  socket.once("close", () => {
    clearTimeout(cut);
  });
}

function pauseUntilDrained(socket: WebSocket, connection: Socket): void {
  if (socket.isPaused || !connection.writableNeedDrain) return;
  socket.pause();
  connection.once("drain", () => {
    socket.resume();
  });
}

/** What graphql-ws asks of a socket. */
function adapt({ socket, request, operations }: SocketExtra, { unread, logger }: TransportParts) {
  return {
    protocol: socket.protocol,
    send: (text: string) =>
      new Promise<void>((resolve) => {
        if (socket.readyState !== socket.OPEN) resolve();
        // Where it fails the socket closes, and its close event tells.
        else
          socket.send(operations.send(text), () => {
            resolve();
          });
      }),
    close: (code: number, reason: string) => {
      // graphql-ws quotes the id, which is not the client's own, and may be longer than a reason may.
      socket.close(code, code === subscriberAlreadyExists ? idInUse : reason);
    },
    onMessage: (receive: (text: string) => Promise<void>) => {
      socket.on("message", (data: Buffer) => {
        // Who does not read is not read either: each message is answered, if only that it is one too many.
        if (unread.isFull(request.socket)) pauseUntilDrained(socket, request.socket);
        operations.receive(data.toString(), receive).catch((err: unknown) => {
          logger.error({ err }, "a WebSocket message could not be handled");
          socket.close(CloseCode.InternalServerError, "Internal server error");
        });
      });
    },
  };
}
