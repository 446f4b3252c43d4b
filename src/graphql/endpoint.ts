import type { Server } from "node:http";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { expressMiddleware } from "@as-integrations/express5";
import express, { Router } from "express";
import type { ExecutionArgs, GraphQLSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Access } from "../access/access.js";
import type { Caller } from "../access/caller.js";
import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import { AllowList } from "./allow-list.js";
import { RequestContext } from "./context.js";
import { Executor } from "./executor.js";
import { formatError } from "./format-error.js";
import { gatePlugin, OperationGate } from "./gate.js";
import { OperationPreparer, parseOptions, validationRules } from "./prepare-operation.js";
import { sandboxPlugin } from "./sandbox.js";
import type { SessionEventSource } from "./session-event-source.js";
import { SocketAccess, type SocketExtra } from "./socket-access.js";
import { subscribe } from "./subscribe.js";

const greatestQuery = "1mb";

/** How long a socket may stay open without saying who is there. */
const initMilliseconds = 5_000;

/** What the endpoint is made of. */
export interface EndpointParts {
  readonly schema: GraphQLSchema;
  readonly events: SessionEventSource;
  readonly access: Access;
  readonly config: Pick<Config, "graphql" | "production">;
  readonly logger: Logger;
}

/** `/graphql` on HTTP and WebSocket. */
export class GraphqlEndpoint {
  private readonly apollo: ApolloServer<RequestContext>;
  private readonly sockets: WebSocketServer;
  private readonly socketAccess: SocketAccess;
  private readonly protocol: { dispose: () => Promise<void> | void };

  constructor(private readonly parts: EndpointParts) {
    const { limits, allowListFile } = parts.config.graphql;
    const allowList = allowListFile === undefined ? undefined : AllowList.fromFile(allowListFile);
    const gate = new OperationGate(parts.schema, limits, allowList, parts.access.limits);
    this.apollo = createApollo(parts, gate);
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
    this.socketAccess = new SocketAccess(parts.access);
    this.protocol = serveSubscriptions(this.sockets, parts, gate, this.socketAccess);
  }

  /** The Express routes; the Apollo server is started. */
  async router(): Promise<Router> {
    await this.apollo.start();
    const router = Router();
    router.use(
      "/graphql",
      express.json({ limit: greatestQuery }),
      expressMiddleware(this.apollo, {
        context: ({ req }) => Promise.resolve(newContext(this.parts, this.parts.access.gate.callerOf(req))),
      }),
    );
    return router;
  }

  /** Serves WebSocket upgrades of /graphql; any other path is refused. */
  attach(server: Server): void {
    server.on("upgrade", (request, socket, head) => {
      const refusal = this.socketAccess.refuseUpgrade(request);
      if (refusal !== undefined) {
        socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\n\r\n`);
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.sockets.emit("connection", webSocket, request);
      });
    });
  }

  /** Closes all sockets with 1001 (going away), so that clients resume elsewhere. */
  async stop(): Promise<void> {
    await this.protocol.dispose();
    await this.apollo.stop();
  }
}

function newContext({ events }: EndpointParts, caller: Caller): RequestContext {
  return new RequestContext(caller, events);
}

function createApollo(
  { schema, config, logger }: EndpointParts,
  gate: OperationGate,
): ApolloServer<RequestContext> {
  const executor = new Executor(schema);
  return new ApolloServer<RequestContext>({
    gateway: {
      onSchemaLoadOrUpdate: (callback) => {
        callback({ apiSchema: schema, coreSupergraphSdl: "" });
        return () => undefined;
      },
      load: () =>
        Promise.resolve({
          executor: ({ document, operationName, request, context }) =>
            executor.execute({
              document,
              operationName,
              variables: request.variables,
              context: context as RequestContext,
            }),
        }),
      stop: () => Promise.resolve(),
    },
    introspection: config.graphql.introspection,
    hideSchemaDetailsFromClientErrors: config.production,
    parseOptions,
    validationRules: [...validationRules],
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    stringifyResult: (result) => JSON.stringify(result),
    formatError: (_formatted, error) => formatError(error, logger, config.production),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      gatePlugin(gate),
      config.graphql.explorer ? sandboxPlugin() : ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

/** The protocol graphql-transport-ws. graphql-ws takes over none of Apollo's rules, so they are said again here. */
function serveSubscriptions(
  sockets: WebSocketServer,
  parts: EndpointParts,
  gate: OperationGate,
  access: SocketAccess,
) {
  const { schema, config, logger } = parts;
  const costs = new WeakMap<ExecutionArgs, number>();
  const preparer = new OperationPreparer(schema, gate, config.graphql);
  return useServer<Record<string, unknown>, SocketExtra>(
    {
      connectionInitWaitTimeout: initMilliseconds,
      onConnect: (socket) => access.enter(socket),
      onClose: (socket) => {
        access.leave(socket);
      },
      onSubscribe: async (socket, _id, payload) => {
        const refusal = await access.refuse(socket);
        if (refusal !== undefined) return [refusal];
        const prepared = await preparer.prepare(payload, newContext(parts, access.callerOf(socket)));
        if (!("args" in prepared)) return prepared;
        costs.set(prepared.args, prepared.cost);
        return prepared.args;
      },
      subscribe,
      onError: (_connection, _id, _payload, errors) =>
        errors.map((error) => formatError(error, logger, config.production)),
      onNext: (_connection, _id, _payload, args, result) => ({
        ...result,
        ...(result.errors && {
          errors: result.errors.map((error) => formatError(error, logger, config.production)),
        }),
        extensions: { ...result.extensions, cost: costs.get(args) },
      }),
    },
    sockets,
    12_000,
  );
}
