import type { Server } from "node:http";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import express, { Router } from "express";
import type { ExecutionResult, GraphQLSchema } from "graphql";
import type { Access } from "../../access/access.js";
import type { Caller } from "../../access/caller.js";
import type { Config } from "../../config.js";
import type { Handler } from "../../http/handler.js";
import type { FanOut } from "../../feed/fan-out.js";
import type { Logger } from "../../logger.js";
import type { Metrics } from "../../metrics/metrics.js";
import type { UnreadAnswers } from "../../http/unread-answers.js";
import { apolloHandler } from "./apollo-handler.js";
import { AllowList } from "../admission/allow-list.js";
import { RequestContext } from "../context.js";
import { EventStreamEndpoint } from "./event-stream.js";
import { Executor } from "../plan/executor.js";
import { errorFormatter, type FormatError } from "../format-error.js";
import { gatePlugin, OperationGate } from "../admission/gate.js";
import { KnownOperations, type ReadRequest } from "./known-operations.js";
import { LiveOperations } from "./live-operations.js";
import { OperationPreparer, parseOptions, validationRules } from "../plan/prepare-operation.js";
import { answerText } from "../plan/json-text.js";
import { explorerPlugin } from "../sandbox/explorer-page.js";
import type { ReaderSource } from "../readers.js";
import type { SessionEventSource } from "../session-event-source.js";
import { OperationTraces } from "../operation-traces.js";
import type { Tracing } from "../../tracing/tracing.js";
import { clientOf, OperationWatch } from "../operation-watch.js";
import { postedOperations, type PostedOperationsParts } from "./posted-operations.js";
import { SocketEndpoint } from "./websocket.js";

const readJson = express.json({ limit: "1mb" });

/** What the endpoint is made of. */
export interface EndpointParts {
  readonly schema: GraphQLSchema;
  readonly events: SessionEventSource;
  readonly readers: ReaderSource;
  readonly fanOut: FanOut;
  readonly access: Access;
  readonly metrics: Metrics;
  readonly unread: UnreadAnswers;
  readonly config: Pick<Config, "graphql" | "production" | "subscriptions">;
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
}

/** `/graphql` on HTTP and WebSocket, `/graphql/stream` as event streams. */
export class GraphqlEndpoint {
  private readonly apollo: ApolloServer<RequestContext>;
  private readonly sockets: SocketEndpoint;
  private readonly streams: EventStreamEndpoint;
  private readonly gate: OperationGate;
  private readonly watch: OperationWatch;
  private readonly answer: ReturnType<typeof apolloHandler>;

  constructor(private readonly parts: EndpointParts) {
    const { schema, access, config, logger, metrics } = parts;
    const { limits, allowListFile } = config.graphql;
    const allowList = allowListFile === undefined ? undefined : AllowList.fromFile(allowListFile);
    const gate = new OperationGate(schema, limits, allowList, access);
    this.gate = gate;
    const traces = parts.tracing && new OperationTraces(parts.tracing);
    const executor = new Executor(schema, traces);
    const watch = new OperationWatch(schema, metrics.operations, logger);
    this.watch = watch;
    const formatError = errorFormatter({
      logger,
      limits: metrics.limits,
      hidesSchema: config.production,
      traceIdOf: traces && ((error) => traces.traceIdOf(error)),
    });
    const contextOf = (request: ReadRequest, isGone: () => boolean) => {
      const { traceparent } = request.headers;
      const from = {
        transport: "http",
        traceparent: typeof traceparent === "string" ? traceparent : undefined,
      };
      return newContext(parts, access.gate.callerOf(request), isGone, from);
    };
    const callerOf = access.gate.callerOf.bind(access.gate);
    const known = new KnownOperations({ gate, executor, watch, formatError, callerOf, contextOf });
    this.apollo = createApollo(parts, { gate, executor, allowList, watch, known, formatError });
    this.answer = apolloHandler({
      apollo: this.apollo,
      known,
      unread: parts.unread,
      // Only a browser that asks for the page has not said who it is.
      callerIdOf: (request) => access.gate.findCaller(request)?.id ?? "page",
      // Of what Apollo asks before it parses, only this may refuse.
      contextOf: (request, response) => {
        this.refuseTexts(request, access.gate.callerOf(request));
        return contextOf(request, () => response.destroyed);
      },
    });
    // Neither of these goes through Apollo, so its rules are said again here.
    const transport = {
      keepAliveSeconds: config.subscriptions.keepAliveSeconds,
      preparer: new OperationPreparer(schema, gate, config.graphql),
      executor,
      operations: new LiveOperations({ ...parts, executor, formatError }),
      access,
      unread: parts.unread,
      contextFor: (transport: string, caller: Caller, isGone: () => boolean) =>
        newContext(parts, caller, isGone, { transport }),
      formatError,
      watch,
      limits: metrics.limits,
      logger,
    };
    this.sockets = new SocketEndpoint(transport);
    this.streams = new EventStreamEndpoint(transport);
  }

  /** Starts the Apollo server. */
  async start(): Promise<void> {
    await this.apollo.start();
  }

  /** `POST /graphql`, before the Express application. */
  posted(parts: Pick<PostedOperationsParts, "setSecurityHeaders" | "setOriginHeaders">): Handler {
    const { gate } = this.parts.access;
    return postedOperations({ ...parts, gate, readJson, answer: this.answer });
  }

  /** The Express routes. */
  router(): Router {
    const router = Router();
    router.get("/graphql/stream", this.streams.handle);
    router.post("/graphql/stream", readJson, this.streams.handle);
    router.all("/graphql", readJson, this.answer);
    return router;
  }

  /** Apollo tells its plugins nothing of what is refused here, so the watch is told. */
  private refuseTexts(request: ReadRequest, caller: Caller): void {
    const texts = textsOf(request);
    for (const query of texts.length > 0 ? texts : [undefined]) {
      const error = this.gate.refuseText(query, caller);
      if (error === undefined) continue;
      const asked = { caller, client: clientOf(request.headers), begun: performance.now() };
      this.watch.answered({ transport: "http", ...asked }, { query, errors: [error.toJSON()] });
      throw error;
    }
  }

  /** Serves WebSocket upgrades of /graphql; any other path is refused. */
  attach(server: Server): void {
    this.sockets.attach(server);
  }

  /** Ends all subscriptions so that clients resume elsewhere: sockets are closed with 1001 (going away). */
  async stop(): Promise<void> {
    this.streams.stop();
    await this.sockets.stop();
    await this.apollo.stop();
  }
}

function newContext(
  { events, readers }: EndpointParts,
  caller: Caller,
  isGone: () => boolean,
  { transport, traceparent }: { readonly transport: string; readonly traceparent?: string | undefined },
): RequestContext {
  const reading = readers.forOperation(caller, isGone);
  return new RequestContext(caller, events, readers, reading, transport, traceparent);
}

/** The operations' texts that a request holds, wherever Apollo would look for one. */
function textsOf({ body, url = "" }: ReadRequest): string[] {
  const { query } = (body ?? {}) as { readonly query?: unknown };
  const inUrl = url.includes("?") ? new URLSearchParams(url.replace(/^[^?]*/, "")).getAll("query") : [];
  return typeof query === "string" ? [query, ...inUrl] : inUrl;
}

/** Where texts are found that a client names by their hash alone: on the list, where there is one. */
function persistedQueriesOf(allowList: AllowList) {
  return {
    cache: {
      get: (key: string) => Promise.resolve(allowList.textOf(key.replace(/^apq:/, ""))),
      set: (_key: string, text: string) => {
        allowList.remember(text);
        return Promise.resolve();
      },
      delete: () => Promise.resolve(false),
    },
  };
}

function createApollo(
  { schema, config }: EndpointParts,
  {
    gate,
    executor,
    allowList,
    watch,
    known,
    formatError,
  }: {
    readonly gate: OperationGate;
    readonly executor: Executor;
    readonly allowList: AllowList | undefined;
    readonly watch: OperationWatch;
    readonly known: KnownOperations;
    readonly formatError: FormatError;
  },
): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    gateway: {
      onSchemaLoadOrUpdate: (callback) => {
        callback({ apiSchema: schema, coreSupergraphSdl: "" });
        return () => undefined;
      },
      load: () =>
        Promise.resolve({
          executor: ({ document, request, context }) =>
            // To Apollo data is whatever the text is made of, below.
            executor.execute({
              document,
              // As it was asked for: Apollo's own is null where there is no such operation.
              operationName: request.operationName,
              variables: request.variables,
              context: context as RequestContext,
            }) as Promise<ExecutionResult<Record<string, unknown>>>,
        }),
      stop: () => Promise.resolve(),
    },
    introspection: config.graphql.introspection,
    documentStore: known.documentStore(),
    ...(allowList && { persistedQueries: persistedQueriesOf(allowList) }),
    hideSchemaDetailsFromClientErrors: config.production,
    parseOptions,
    validationRules: [...validationRules],
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    stringifyResult: answerText,
    formatError: (_formatted, error) => formatError(error),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      gatePlugin(gate),
      watch.apolloPlugin(),
      known.apolloPlugin(),
      config.graphql.explorer === false
        ? ApolloServerPluginLandingPageDisabled()
        : explorerPlugin(config.graphql.explorer),
    ],
  });
}
