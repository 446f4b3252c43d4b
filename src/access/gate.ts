import type { IncomingMessage } from "node:http";
import type { Request, RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import type { Config } from "../config.js";
import { ForbiddenError, UnauthenticatedError } from "../errors.js";
import type { AuditLog } from "../store/audit-log.js";
import { addressOf, isLoopback } from "./address.js";
import type { Authenticator } from "./authenticator.js";
import { type Caller, localCaller } from "./caller.js";
import type { RateLimits } from "./rate-limits.js";

interface Settings {
  readonly trustedProxies: number;
  readonly corsOrigins: Config["corsOrigins"];
  /** Whether a browser gets a page at /graphql, which holds no data and asks for a key by itself. */
  readonly explorer: boolean;
  /** Whether only listed operations are served: no list names what an export's filter asks for. */
  readonly listedOnly: boolean;
}

/**
 * Lets callers in, by the same rules on every transport: known, not from a foreign page, and not more often
 * than agreed.
 */
export class Gate {
  private readonly callers = new WeakMap<IncomingMessage, Caller>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly limits: RateLimits,
    private readonly audit: Pick<AuditLog, "note">,
    private readonly settings: Settings,
  ) {}

  /**
   * For HTTP (and server-sent events): before the body is read, so that strangers cannot make us read much.
   */
  readonly http: RequestHandler = async (request, _response, next) => {
    if (this.settings.explorer && isForExplorer(request)) {
      next();
      return;
    }
    await this.enter(request, request.path === "/metrics");
    next();
  };

  /**
   * Admits a request over HTTP and counts it.
   * @param evenWithoutDatabase see {@link Authenticator.authenticate}
   * @throws as {@link admit}
   */
  async enter(request: IncomingMessage, evenWithoutDatabase = false): Promise<void> {
    const caller = await this.admit(request, request.headers.authorization, evenWithoutDatabase);
    await this.limits.countRequest(caller);
    this.callers.set(request, caller);
  }

  /**
   * Who asks for an export, for the audit log too: operations of GraphQL are noted where their cost is known;
   * an export is all there is within the scope.
   * @throws ForbiddenError
   */
  exporterOf(request: IncomingMessage, operation: string): Caller {
    const caller = this.callerOf(request);
    const { id, role } = caller;
    if (this.settings.listedOnly && role !== "operator")
      throw new ForbiddenError("Exports are for operators only, because GRAPHQL_ALLOW_LIST is set.");
    if (caller !== localCaller)
      this.audit.note({ caller: id, role, action: "read", operation, count: 0, ids: [] });
    return caller;
  }

  findCaller(request: IncomingMessage): Caller | undefined {
    return this.callers.get(request);
  }

  /** Who sent a request that passed {@link http}. */
  callerOf(request: IncomingMessage): Caller {
    const caller = this.findCaller(request);
    if (caller === undefined) throw new UnauthenticatedError();
    return caller;
  }

  /**
   * @param authorization the header `Authorization`, or the same text out of connection_init
   * @param evenWithoutDatabase see {@link Authenticator.authenticate}
   * @throws UnauthenticatedError, ForbiddenError, RateLimitedError, UnavailableError
   */
  async admit(
    request: IncomingMessage,
    authorization: string | undefined,
    evenWithoutDatabase = false,
  ): Promise<Caller> {
    let caller: Caller;
    try {
      caller = await this.authenticator.authenticate(authorization, evenWithoutDatabase);
    } catch (error) {
      if (error instanceof UnauthenticatedError) await this.limits.countFailure(this.addressOf(request));
      throw error;
    }
    if (caller === localCaller) this.refuseForeignNames(request);
    return caller;
  }

  addressOf(request: IncomingMessage): string {
    return addressOf(request, this.settings.trustedProxies);
  }

  /**
   * Browsers send an Origin with every WebSocket, and ask nobody whether they may: pages not listed are
   * refused here.
   */
  admitsOrigin({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    const { corsOrigins } = this.settings;
    if (origin === undefined || corsOrigins.includes("*") || corsOrigins.includes(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }

  /**
   * An open service trusts who reaches it; a page whose name an attacker points at 127.0.0.1 must not be
   * among them.
   */
  private refuseForeignNames({ headers }: IncomingMessage): void {
    if (!namesThisMachine(headers.host ?? "")) {
      throw new ForbiddenError(
        "No API key is configured, so only requests to localhost from the same machine are served.",
      );
    }
  }
}

/** A client says the same time after time, and reading it as a URL takes longer than the rest of the gate. */
const mostHosts = 100;
const hosts = new LRUCache<string, boolean>({ max: mostHosts });

function namesThisMachine(host: string): boolean {
  const known = hosts.get(host);
  if (known !== undefined) return known;
  const url = `http://${host}`;
  const isLocal = URL.canParse(url) && isLoopback(new URL(url).hostname);
  hosts.set(host, isLocal);
  return isLocal;
}

/** What Apollo Server prefers to its page, where a client accepts both alike. */
const answers = [
  "json",
  "application/graphql-response+json",
  "multipart/mixed; deferSpec=20220824",
  "multipart/mixed; incrementalSpec=v0.2",
  "multipart/mixed",
];

/** Whoever says who they are wants an answer: a browser that asks for the page does not. */
function isForExplorer(request: Request): boolean {
  const { method, path, headers } = request;
  if (method !== "GET" || path !== "/graphql" || headers.authorization !== undefined) return false;
  return request.accepts([...answers, "html"]) === "html";
}

/**
 * The text to authenticate by that connection_init carries: `Authorization` as in HTTP, or a bare `token`.
 */
export function authorizationOf(payload: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { Authorization, authorization, token } = payload ?? {};
  const given = Authorization ?? authorization;
  if (typeof given === "string") return given;
  return typeof token === "string" ? `Bearer ${token}` : undefined;
}
