import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express, type RequestHandler } from "express";
import { ServiceError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { Handler } from "./handler.js";
import { boundIdleConnections } from "./idle-connections.js";
import { oneAtATime } from "./pipelining.js";
import { securityHeaders } from "./answer-headers.js";

/** A server that does not listen yet, and what answers its requests. */
export interface HttpServer {
  readonly server: Server;
  /** Asked in their order, before the application; what is asked most stands here. */
  readonly first: Handler[];
  /** Gets what none of these answers, and their errors. */
  readonly app: Express;
}

interface Settings {
  readonly webhook: { readonly bodyTimeoutSeconds: number };
  readonly keepAliveSeconds: number;
}

// Sandbox brings a policy of its own, and may be opened from anywhere on the local machine.
export const setSecurityHeaders = securityHeaders({
  contentSecurityPolicy: false,
  crossOriginEmbedderPolicy: false,
});

export function createHttpServer({ webhook, keepAliveSeconds }: Settings, logger: Logger): HttpServer {
  const refused = new WeakMap<IncomingMessage, unknown>();
  const app = createApp(refused);
  const first: Handler[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse, at: number) => {
    const handler = first[at];
    if (handler === undefined) app(request, response);
    else
      void handler(request, response, (error) => {
        if (error !== undefined) refused.set(request, error);
        serve(request, response, error === undefined ? at + 1 : first.length);
      });
  };
  const server = createServer(
    {
      requestTimeout: webhook.bodyTimeoutSeconds * 1_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: keepAliveSeconds * 1_000,
    },
    oneAtATime((request, response) => {
      serve(request, response, 0);
    }, logger),
  );
  boundIdleConnections(server);
  return { server, first, app };
}

/** @param refused what was refused before the application, and why */
function createApp(refused: WeakMap<IncomingMessage, unknown>): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.use((request, response, next) => {
    setSecurityHeaders(response);
    next(refused.get(request));
  });
  return app;
}

/** The last of the application's handlers but for that of errors. */
export const refuseOtherPaths: RequestHandler = (_request, _response, next) => {
  next(
    new ServiceError("Nothing is served at this path.", {
      status: 404,
      code: "NOT_FOUND",
      logLevel: "debug",
    }),
  );
};

/** @returns where it listens, such as `http://127.0.0.1:4000` */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port: actual } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}

/** How long requests in work may take to finish once the service is asked to stop. */
const drainMilliseconds = 8_000;

/** Stops accepting, lets requests in work finish, and cuts what takes too long. */
export async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, drainMilliseconds);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
