import { createClient } from "graphql-ws";
import { ConnectionLostError, GraphqlError, type GraphqlErrorItem, isUnauthenticated } from "./errors.js";
import type { Tokens } from "./tokens.js";
import type { Transport } from "./transport.js";

/** How the service closes a socket whose token is not valid (any more). */
const forbidden = 4403;
/** How graphql-ws reports that we ended a socket ourselves. */
const terminated = 4499;
/**
 * The two sides do not understand each other, however often it is tried: a bad request, another subprotocol.
 */
const hopeless = [4400, 4406];

interface SocketSettings {
  /** The address of /graphql over HTTP. */
  readonly url: string;
  readonly tokens: Tokens;
  readonly webSocketImpl: unknown;
  readonly stallMilliseconds: number;
}

/**
 * All subscriptions of a client on one WebSocket (graphql-transport-ws), which is closed with the last one.
 */
export function socketTransport({
  url,
  tokens,
  webSocketImpl,
  stallMilliseconds,
}: SocketSettings): Transport {
  let isConnected = false;
  /** What the last socket was opened with. */
  let token: string | undefined;
  /** Whether the last socket that we ended ourselves was ended for a new token; else it had stalled. */
  let isRenewal = false;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let callOffRenewal: () => void = () => undefined;
  const terminate = (isForRenewal: boolean) => {
    isRenewal = isForRenewal;
    socket.terminate();
  };
  const watchSilence = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      terminate(false);
    }, stallMilliseconds);
  };
  const over = () => {
    isConnected = false;
    clearTimeout(silence);
    callOffRenewal();
  };
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: withErrorsHeard(webSocketImpl),
    retryAttempts: 0,
    // Each ping is answered, so a connection that works is never silent for long.
    keepAlive: stallMilliseconds / 3,
    connectionParams: async () => {
      token = await tokens.current();
      return token === undefined ? {} : { token };
    },
    on: {
      connecting: watchSilence,
      message: watchSilence,
      connected: () => {
        isConnected = true;
        callOffRenewal = tokens.onRenewal(() => {
          terminate(true);
        });
      },
      closed: over,
      error: over,
    },
  });
  return {
    subscribe: (request, sink) => {
      let isOver = false;
      const unlisten = socket.on("connected", () => {
        sink.opened();
      });
      if (isConnected) sink.opened();
      const end = (error?: Error) => {
        if (isOver) return;
        isOver = true;
        unlisten();
        sink.ended(error);
      };
      const leave = socket.subscribe(
        { ...request },
        {
          next: (result) => {
            if (!isOver) sink.next(result);
          },
          error: (cause) => {
            const error = toError(cause, isRenewal);
            if (isUnauthenticated(error)) tokens.forget(token);
            end(error);
          },
          complete: () => {
            end();
          },
        },
      );
      return () => {
        isOver = true;
        unlisten();
        leave();
      };
    },
  };
}

type SocketConstructor = new (
  url: string,
  protocols?: string,
) => { addEventListener(type: "error", listener: () => void): void };

/**
 * Sockets whose errors are always heard. One that is closed while it connects has an error after graphql-ws
 * has let go of it; on Node an error that nobody hears ends the process.
 */
function withErrorsHeard(webSocketImpl: unknown): unknown {
  if (typeof webSocketImpl !== "function") return webSocketImpl;
  return class extends (webSocketImpl as SocketConstructor) {
    constructor(url: string, protocols?: string) {
      super(url, protocols);
      this.addEventListener("error", () => undefined);
    }
  };
}

/** @param cause errors of the operation, a close event, or whatever broke the connection */
function toError(cause: unknown, isRenewal: boolean): Error {
  if (Array.isArray(cause)) return new GraphqlError(cause as GraphqlErrorItem[]);
  const { code, reason } = (cause ?? {}) as { code?: unknown; reason?: unknown };
  if (code === forbidden) {
    const extensions = { code: "UNAUTHENTICATED" };
    return new GraphqlError([{ message: "The key or token is not valid (any more).", extensions }]);
  }
  const said = `The WebSocket closed: ${String(code)} ${String(reason)}`;
  if (typeof code !== "number")
    return new ConnectionLostError("The WebSocket could not be opened.", false, { cause });
  if (hopeless.includes(code)) return new Error(said);
  return new ConnectionLostError(said, code === terminated && isRenewal);
}
