import type { Server } from "node:http";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { expressMiddleware } from "@as-integrations/express5";
import cors from "cors";
import express, { Router } from "express";
import {
  type ExecutionArgs,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  validate,
} from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import { everything } from "../store/readers/scope.js";
import { AllowList } from "./allow-list.js";
import { RequestContext } from "./context.js";
import { Executor } from "./executor.js";
import { formatError } from "./format-error.js";
import { gatePlugin, OperationGate } from "./gate.js";
import { sandboxPlugin } from "./sandbox.js";
import type { SessionEventSource } from "./session-event-source.js";
import { subscribe } from "./subscribe.js";

const greatestQuery = "1mb";

/** What the endpoint is made of. */
export interface EndpointParts {
  readonly schema: GraphQLSchema;
  readonly events: SessionEventSource;
  readonly config: Pick<Config, "graphql" | "corsOrigins" | "production">;
  readonly logger: Logger;
}

/** `/graphql` on HTTP and WebSocket. */
export class GraphqlEndpoint {
  private readonly apollo: ApolloServer<RequestContext>;
  private readonly sockets: WebSocketServer;
  private readonly protocol: { dispose: () => Promise<void> | void };

  constructor(private readonly parts: EndpointParts) {
    const { limits, allowListFile } = parts.config.graphql;
    const allowList = allowListFile === undefined ? undefined : AllowList.fromFile(allowListFile);
    const gate = new OperationGate(parts.schema, limits, allowList);
    this.apollo = createApollo(parts, gate);
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
    this.protocol = serveSubscriptions(this.sockets, parts, gate);
  }

  /** The Express routes; the Apollo server is started. */
  async router(): Promise<Router> {
    await this.apollo.start();
    const { corsOrigins } = this.parts.config;
    const router = Router();
    router.use(
      "/graphql",
      cors({ origin: corsOrigins.includes("*") ? true : [...corsOrigins], maxAge: 600 }),
      express.json({ limit: greatestQuery }),
      expressMiddleware(this.apollo, { context: () => Promise.resolve(newContext(this.parts)) }),
    );
    return router;
  }

  /** Serves WebSocket upgrades of /graphql; any other path is refused. */
  attach(server: Server): void {
    server.on("upgrade", (request, socket, head) => {
      if (new URL(request.url ?? "/", "http://localhost").pathname !== "/graphql") {
        socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
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

function newContext({ events }: EndpointParts): RequestContext {
  return new RequestContext(everything, events);
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
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    stringifyResult: (result) => JSON.stringify(result),
    formatError: (_formatted, error) => formatError(error, logger),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      gatePlugin(gate),
      config.graphql.explorer ? sandboxPlugin() : ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

/** The protocol graphql-transport-ws. graphql-ws takes over none of Apollo's rules, so they are said again here. */
function serveSubscriptions(sockets: WebSocketServer, parts: EndpointParts, gate: OperationGate) {
  const { schema, config, logger } = parts;
  const costs = new WeakMap<ExecutionArgs, number>();
  const rules = config.graphql.introspection ? [] : [NoSchemaIntrospectionCustomRule];
  return useServer(
    {
      onSubscribe: (_connection, _id, { query, operationName, variables }) => {
        const document = parse(query);
        const errors = [
          ...validate(schema, document),
          ...(rules.length > 0 ? validate(schema, document, rules) : []),
        ];
        if (errors.length > 0) return errors;
        const { cost, error } = gate.admit({ document, operationName, variables }, query);
        if (error) return [error];
        const args: ExecutionArgs = {
          schema,
          document,
          operationName: operationName ?? null,
          variableValues: variables ?? null,
          contextValue: newContext(parts),
        };
        costs.set(args, cost);
        return args;
      },
      subscribe,
      onError: (_connection, _id, _payload, errors) => errors.map((error) => formatError(error, logger)),
      onNext: (_connection, _id, _payload, args, result) => ({
        ...result,
        ...(result.errors && { errors: result.errors.map((error) => formatError(error, logger)) }),
        extensions: { ...result.extensions, cost: costs.get(args) },
      }),
    },
    sockets,
    12_000,
  );
}
