import type { IncomingHttpHeaders } from "node:http";
import type { ApolloServerPlugin } from "@apollo/server";
import { type DocumentNode, getOperationAST, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import type { Caller } from "../access/caller.js";
import type { Logger } from "../logger.js";
import { isNameLike } from "../metrics/bounded-labels.js";
import type { OperationMetrics, OperationTransport } from "../metrics/operation.metrics.js";
import type { RequestContext } from "./context.js";
import { DeprecatedUses } from "./deprecated-uses.js";

/** An operation that was asked for. */
export interface AskedOperation {
  readonly transport: OperationTransport;
  readonly caller: Caller | undefined;
  /** As the client calls itself: see {@link clientOf}. */
  readonly client: string | undefined;
  /** By the clock of `performance.now()`; undefined where what ends now was counted when it began. */
  readonly begun: number | undefined;
}

/** What has become of it. */
export interface AnsweredOperation {
  readonly document?: DocumentNode | undefined;
  readonly operationName?: string | null | undefined;
  /** Its text, where it was refused before there was a document. */
  readonly query?: string | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
}

const unnamed = "unnamed";

/** Tells metrics and log of each operation, on all transports. */
export class OperationWatch {
  private readonly deprecated: DeprecatedUses;

  constructor(
    schema: GraphQLSchema,
    private readonly metrics: OperationMetrics,
    private readonly logger: Logger,
  ) {
    this.deprecated = new DeprecatedUses(schema);
  }

  answered(
    { transport, caller, client = "unknown", begun }: AskedOperation,
    answer: AnsweredOperation,
  ): void {
    const { document, errors = [] } = answer;
    const milliseconds = begun === undefined ? undefined : performance.now() - begun;
    const operation = nameOf(answer);
    const codes = errors.map(codeOf);
    this.metrics.finished({ transport, operation, client, milliseconds, codes });
    if (document !== undefined)
      for (const element of this.deprecated.of(document)) this.metrics.usedDeprecated(element, client);
    if (codes.length === 0) return;
    const line = {
      transport,
      operation: isNameLike(operation) ? operation : undefined,
      caller: caller?.id,
      client: isNameLike(client) ? client : undefined,
      codes: [...new Set(codes)],
      traceId: errors.find(({ extensions }) => extensions?.traceId !== undefined)?.extensions?.traceId,
      milliseconds: milliseconds === undefined ? undefined : Math.round(milliseconds),
    };
    this.logger.info(line, "an operation was refused or has errors");
  }

  /** Watches what goes through Apollo. */
  apolloPlugin(): ApolloServerPlugin<RequestContext> {
    return {
      requestDidStart: ({ request, contextValue: { caller } }) => {
        const begun = performance.now();
        const client = request.http?.headers.get(clientHeader);
        return Promise.resolve({
          willSendResponse: ({ document, operationName, source, response: { body } }) => {
            const errors = body.kind === "single" ? body.singleResult.errors : undefined;
            const asked = { transport: "http", caller, client, begun } as const;
            this.answered(asked, { document, operationName, query: source, errors });
            return Promise.resolve();
          },
        });
      },
    };
  }
}

const clientHeader = "apollographql-client-name";

/** How a client calls itself: in the header of Apollo's clients, or so in the payload of connection_init. */
export function clientOf(
  headers: IncomingHttpHeaders,
  payload: Readonly<Record<string, unknown>> = {},
): string | undefined {
  const name = payload[clientHeader] ?? headers[clientHeader];
  return typeof name === "string" ? name : undefined;
}

function nameOf({ document, operationName, query }: AnsweredOperation): string {
  const name = document && getOperationAST(document, operationName)?.name?.value;
  const named = operationName === "" ? undefined : operationName;
  return name ?? named ?? nameIn(query) ?? unnamed;
}

function nameIn(query = ""): string | undefined {
  return /^[\s,]*(?:query|mutation|subscription)\s+(\w{1,64})\b/.exec(query)?.[1];
}

function codeOf({ extensions }: GraphQLFormattedError): string {
  return typeof extensions?.code === "string" ? extensions.code : "UNKNOWN";
}
