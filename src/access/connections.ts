import type { Config } from "../config.js";
import { RateLimitedError, UnauthenticatedError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { ApiKeyStore } from "../store/api-keys.js";
import { isExpired } from "./authenticator.js";
import { type Caller, localCaller } from "./caller.js";

/**
 * How often open connections are checked: a revoked key or an expired token ends them within it, on every
 * instance.
 */
const checkMilliseconds = 2_000;

/** When a connection that is refused, because there are too many, may be tried again. */
const retryAfterSeconds = 30;

/** A connection that outlives its request: a WebSocket, a stream of server-sent events or an export. */
export interface Connection {
  readonly caller: Caller;
  /** How many subscriptions it carries, with the one that is being asked for. */
  subscriptions(): number;
  /** Ends it, because the caller may no longer read. */
  close(): void;
}

/**
 * All connections that stay open: how many a caller may have, and their end when the caller's key or token
 * ends.
 */
export class Connections {
  private readonly open = new Map<string, Set<Connection>>();
  private readonly pending = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> = Promise.resolve();

  constructor(
    private readonly keys: ApiKeyStore,
    /** How much each caller may hold open. */
    readonly limits: Config["access"]["limits"],
    private readonly logger: Logger,
  ) {}

  /**
   * @returns to be called once the connection has ended
   * @throws RateLimitedError where the caller has too many
   */
  add(connection: Connection): () => void {
    const { caller } = connection;
    const own = this.open.get(caller.id) ?? new Set();
    if (caller !== localCaller && own.size >= this.limits.socketsPerKey) {
      throw new RateLimitedError(
        "Too many connections are open with this key.",
        retryAfterSeconds,
        "connections",
      );
    }
    own.add(connection);
    this.open.set(caller.id, own);
    this.timer ??= setInterval(() => {
      this.checking = this.check().catch((err: unknown) => {
        this.logger.warn({ err }, "revoked keys could not be looked up; trying again");
      });
    }, checkMilliseconds);
    return () => {
      this.remove(connection);
    };
  }

  /**
   * Somebody at an address has opened a socket and not said who they are.
   * @returns to be called once they have, or have left
   * @throws RateLimitedError where too many of the address do so
   */
  knock(address: string): () => void {
    const waiting = (this.pending.get(address) ?? 0) + 1;
    if (waiting > this.limits.socketsPerKey)
      throw new RateLimitedError(
        "Too many connections from this address have not sent connection_init.",
        retryAfterSeconds,
        "connections",
      );
    this.pending.set(address, waiting);
    let isWaiting = true;
    return () => {
      if (!isWaiting) return;
      isWaiting = false;
      const left = (this.pending.get(address) ?? 1) - 1;
      if (left === 0) this.pending.delete(address);
      else this.pending.set(address, left);
    };
  }

  /** @throws RateLimitedError where one more subscription is too many for the connection or for the caller */
  checkSubscription(connection: Connection): void {
    if (isExpired(connection.caller)) throw new UnauthenticatedError();
    if (connection.subscriptions() > this.limits.subscriptionsPerSocket) {
      throw new RateLimitedError(
        "Too many subscriptions are open on this connection.",
        retryAfterSeconds,
        "subscriptions",
      );
    }
    if (connection.caller === localCaller) return;
    if (this.openOf(connection.caller).subscriptions > this.limits.subscriptionsPerKey) {
      throw new RateLimitedError(
        "Too many subscriptions are open with this key.",
        retryAfterSeconds,
        "subscriptions",
      );
    }
  }

  /** How much a caller holds open on this instance. */
  openOf(caller: Caller): { readonly connections: number; readonly subscriptions: number } {
    const own = [...(this.open.get(caller.id) ?? [])];
    return {
      connections: own.length,
      subscriptions: own.reduce((sum, connection) => sum + connection.subscriptions(), 0),
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.checking;
  }

  private remove(connection: Connection): void {
    const own = this.open.get(connection.caller.id);
    own?.delete(connection);
    if (own?.size === 0) this.open.delete(connection.caller.id);
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /**
   * One statement, however many connections are open (one more where some are of an open service); none while
   * there are none.
   */
  private async check(): Promise<void> {
    const connections = [...this.open.values()].flatMap((own) => [...own]);
    const isClosed = this.open.has(localCaller.id) && (await this.keys.exist());
    const keyIds = new Set(connections.flatMap(({ caller }) => caller.keyId ?? []));
    const valid = await this.keys.validIds([...keyIds]);
    for (const connection of connections) {
      const { caller } = connection;
      const isRevoked = caller.keyId !== undefined && !valid.has(caller.keyId);
      const isLockedOut = isClosed && caller === localCaller;
      if (isRevoked || isLockedOut || isExpired(caller)) connection.close();
    }
  }
}
