import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ExecutionArgs, GraphQLError } from "graphql";
import { CloseCode, type Context, handleProtocols, makeServer } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import { BadInputError } from "../../errors.js";
import type { Subscriber } from "../../feed/group.js";
import type { Recipient } from "../../http/unread-answers.js";
import { OperationIds } from "../admission/operation-ids.js";
import { type AskedOperation, clientOf } from "../operation-watch.js";
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
/** Bytes of `connection_init`, whose payload is kept as long as its socket. */
const greatestInit = 65_536;
const subscriberAlreadyExists: number = CloseCode.SubscriberAlreadyExists;
const idInUse = "Subscriber already exists";

/** An operation on its way through graphql-ws, with the place where its events go. */
interface SocketOperation extends ExecutionArgs {
  readonly sink: SocketSink;
  readonly cost: number;
  readonly recipient: Recipient;
  readonly asked: AskedOperation;
  readonly payload: object;
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
    this.access = new SocketAccess(parts.access, parts.limits);
    const protocol = serveProtocol(parts, this.access);
    this.sockets.on("connection", (socket: WebSocket, request: IncomingMessage) => {
      socket.on("error", (err) => {
        parts.logger.debug({ err }, "a WebSocket failed");
      });
      socket.on("pong", () => this.silent.delete(socket));
      const operations = new OperationIds();
      const extra: SocketExtra = { socket, request, operations };
      const closed = protocol.opened(adapt(extra, parts), extra);
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
  const { preparer, operations, contextFor, formatError, watch } = parts;
  // By the payload: when an operation was asked for that has not been counted yet.
  const begun = new WeakMap<object, number>();
  return makeServer<Record<string, unknown>, SocketExtra>({
    connectionInitWaitTimeout: initMilliseconds,
    onConnect: (socket) => access.enter(socket),
    onClose: (socket) => {
      access.leave(socket);
    },
    onSubscribe: async (socket, id, payload) => {
      begun.set(payload, performance.now());
      const refusal = await access.refuse(socket);
      if (refusal !== undefined) return [refusal];
      const { socket: webSocket } = socket.extra;
      const isGone = () => webSocket.readyState !== webSocket.OPEN || !(id in socket.subscriptions);
      const caller = access.callerOf(socket);
      const prepared = await preparer.prepare(payload, contextFor("websocket", caller, isGone));
      if (!("args" in prepared)) return prepared;
      const clientsId = socket.extra.operations.clientsId(id);
      const sink = new SocketSink(socket.extra.socket, socket.extra.request.socket, clientsId);
      const recipient = { socket: socket.extra.request.socket, callerId: caller.id };
      const asked = askedOver(socket, begun.get(payload));
      return {
        ...prepared.args,
        cost: prepared.cost,
        sink,
        recipient,
        asked,
        payload,
        isGone,
      } satisfies SocketOperation;
    },
    subscribe: async (args) => {
      const { sink, asked, payload, document, operationName } = args as SocketOperation;
      const opened = await operations.open(toOperation(args), sink);
      if ("ended" in opened) {
        watch.answered(asked, { document, operationName });
        begun.delete(payload);
      }
      return untilEnded(opened);
    },
    execute: (args) => answer(args as SocketOperation, parts),
    onError: (socket, _id, payload, errors) => {
      const formatted = errors.flatMap(mistakesOf).map(formatError);
      watch.answered(askedOver(socket, begun.get(payload)), { ...payload, errors: formatted });
      return formatted;
    },
  });
}

function askedOver(
  { extra, connectionParams }: Context<Record<string, unknown>, SocketExtra>,
  begun?: number,
) {
  const client = clientOf(extra.request.headers, connectionParams);
  return { transport: "websocket", caller: extra.connection?.caller, client, begun } as const;
}

/**
 * Executes a query and writes its answer, once there is room for it. @returns what tells graphql-ws that
 * nothing is left to send
 */
async function answer(
  operation: SocketOperation,
  { executor, unread, formatError, watch }: TransportParts,
): Promise<AsyncIterableIterator<never>> {
  const { sink, cost, recipient, asked, isGone } = operation;
  await unread.answer(recipient, async () => {
    if (isGone()) return 0;
    const result = await executor.execute(toOperation(operation));
    const errors = result.errors?.map(formatError);
    watch.answered(asked, { document: operation.document, operationName: operation.operationName, errors });
    if (isGone()) return 0;
    return sink.answer({ ...result, ...(errors && { errors }), extensions: { cost } });
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
      if (!("ended" in opened)) throw new NotSubscribedError(opened);
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

/** Carries all mistakes of a subscription through graphql-ws, which takes one error. */
class NotSubscribedError extends Error {
  constructor(readonly mistakes: readonly GraphQLError[]) {
    super("The subscription has mistakes.");
  }
}

function mistakesOf(error: GraphQLError): readonly GraphQLError[] {
  return error.originalError instanceof NotSubscribedError ? error.originalError.mistakes : [error];
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
function adapt(extra: SocketExtra, { unread, logger }: TransportParts) {
  const { socket, request, operations } = extra;
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
        if (data.length > greatestInit && extra.connection === undefined) {
          socket.close(
            CloseCode.BadRequest,
            `connection_init: must not be longer than ${greatestInit} bytes.`,
          );
          return;
        }
        // Who does not read is not read either: each message is answered, if only that it is one too many.
        if (unread.isFull(request.socket)) pauseUntilDrained(socket, request.socket);
        operations.receive(data.toString(), receive).catch((err: unknown) => {
          if (err instanceof BadInputError) {
            socket.close(CloseCode.BadRequest, err.message);
            return;
          }
          logger.error({ err }, "a WebSocket message could not be handled");
          socket.close(CloseCode.InternalServerError, "Internal server error");
        });
      });
    },
  };
}
