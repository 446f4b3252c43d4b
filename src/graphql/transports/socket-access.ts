import type { IncomingMessage } from "node:http";
import type { Context } from "graphql-ws";
import type { Extra } from "graphql-ws/use/ws";
import { GraphQLError } from "graphql";
import { WebSocket } from "ws";
import type { Access } from "../../access/access.js";
import type { Caller } from "../../access/caller.js";
import type { Connection } from "../../access/connections.js";
import { authorizationOf } from "../../access/gate.js";
import { RateLimitedError, ServiceError, UnauthenticatedError, UnavailableError } from "../../errors.js";
import type { LimitMetrics } from "../../metrics/limit.metrics.js";
import type { OperationIds } from "../admission/operation-ids.js";

/** What is kept with a socket. */
export interface SocketExtra extends Extra, Record<PropertyKey, unknown> {
  readonly operations: OperationIds;
  /** Once its caller is known. */
  readonly connection?: Connection;
  readonly leave?: () => void;
}

type Socket = Context<Record<string, unknown>, SocketExtra>;

/**
 * "Forbidden" in graphql-transport-ws: clients connect anew with what they then hold, such as a newer token.
 */
const forbidden = { code: 4403, reason: "Forbidden" };
/** "Try again later": clients do, after a pause. */
const tryAgainLater = 1013;

/**
 * The rules of access on WebSockets, where the token comes in `connection_init` and a socket outlives many
 * requests.
 */
export class SocketAccess {
  /** To be called once a socket's caller is known; the end of the socket does so otherwise. */
  private readonly identified = new WeakMap<IncomingMessage, () => void>();

  constructor(
    private readonly access: Access,
    private readonly limits: LimitMetrics,
  ) {}

  /** @returns the status line's code and reason where a WebSocket is not to be opened */
  refuseUpgrade(request: IncomingMessage): string | undefined {
    const { gate, connections } = this.access;
    const [path] = (request.url ?? "").split("?", 1);
    if (path !== "/graphql" && path !== "/graphql/") return "404 Not Found";
    if (!gate.admitsOrigin(request)) return "403 Forbidden";
    try {
      const identified = connections.knock(gate.addressOf(request));
      this.identified.set(request, identified);
      request.socket.once("close", identified);
      return undefined;
    } catch (error) {
      this.limits.answeredWith(error);
      if (error instanceof RateLimitedError)
        return `429 Too Many Requests\r\nRetry-After: ${String(error.retryAfterSeconds)}`;
      throw error;
    }
  }

  /** @returns false to close the socket with 4403 */
  async enter(socket: Socket): Promise<boolean> {
    const { gate, connections } = this.access;
    const { request, socket: webSocket } = socket.extra;
    try {
      const caller = await gate.admit(request, authorizationOf(socket.connectionParams));
      const connection: Connection = {
        caller,
        // What the client has completed may go on for a moment: there is room for as many of these again.
        subscriptions: () =>
          Math.max(Object.keys(socket.subscriptions).length, Math.ceil(socket.extra.operations.running / 2)),
        close: () => {
          webSocket.close(forbidden.code, forbidden.reason);
        },
      };
      const leave = connections.add(connection);
      this.identified.get(request)?.();
      // It may have gone while its key was looked up; then nobody calls leave() any more.
      if (webSocket.readyState === WebSocket.OPEN) Object.assign(socket.extra, { connection, leave });
      else leave();
      return true;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.limits.answeredWith(error);
      // Whom the database could not be asked about is not refused for good.
      if (error instanceof RateLimitedError || error instanceof UnavailableError)
        webSocket.close(tryAgainLater, error.code);
      return false;
    }
  }

  leave({ extra }: Socket): void {
    extra.leave?.();
  }

  callerOf({ extra }: Socket): Caller {
    if (extra.connection === undefined) throw new UnauthenticatedError();
    return extra.connection.caller;
  }

  /** Each operation on a socket counts like a request over HTTP. @returns why it may not be run now */
  async refuse(socket: Socket): Promise<GraphQLError | undefined> {
    try {
      if (socket.extra.connection === undefined) throw new UnauthenticatedError();
      this.access.connections.checkSubscription(socket.extra.connection);
      await this.access.limits.countRequest(this.callerOf(socket));
      return undefined;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return new GraphQLError(error.message, { originalError: error });
    }
  }
}
