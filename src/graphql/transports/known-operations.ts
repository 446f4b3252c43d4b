import type { IncomingMessage } from "node:http";
import type { ApolloServerPlugin } from "@apollo/server";
import type { DocumentNode } from "graphql";
import { LRUCache } from "lru-cache";
import type { Caller } from "../../access/caller.js";
import type { OperationGate } from "../admission/gate.js";
import type { RequestContext } from "../context.js";
import type { FormatError } from "../format-error.js";
import { clientOf, type OperationWatch } from "../operation-watch.js";
import type { Executor, Operation } from "../plan/executor.js";
import { answerText } from "../plan/json-text.js";
import { mostCharacters, TextCache } from "../plan/text-cache.js";

/** A request whose body was read. */
export type ReadRequest = IncomingMessage & { readonly body?: unknown };

/** What is sent to a client. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Iterable<readonly [string, string]>;
  readonly text: string;
}

export interface KnownOperationsParts {
  readonly gate: Pick<OperationGate, "admit">;
  readonly executor: Executor;
  readonly watch: OperationWatch;
  readonly formatError: FormatError;
  readonly callerOf: (request: IncomingMessage) => Caller;
  readonly contextOf: (request: ReadRequest, isGone: () => boolean) => RequestContext;
}

/** Texts of the header Accept of which it is known how they are answered. */
const mostAccepted = 100;
const longestAccepted = 500;

/**
 * Answers posted queries as Apollo would, without asking it again what it has decided before: which document
 * a text is, that it is valid, and which media type an `Accept` prefers. Whatever is not known to succeed (an
 * unknown text, persisted queries, an operation that is refused) is left to Apollo, which says what is wrong.
 */
export class KnownOperations {
  /** Where Apollo keeps documents, parsed and validated, by the hashes of their texts. */
  private readonly store = new TextCache<DocumentNode>();
  private readonly kept = new WeakSet<DocumentNode>();
  /** Those of them that were executed, by their texts. */
  private readonly executed = new LRUCache<string, DocumentNode>({ maxSize: mostCharacters });
  private readonly mediaTypes = new LRUCache<string, string>({ max: mostAccepted });

  constructor(private readonly parts: KnownOperationsParts) {}

  /** Apollo's own store is bounded by 30 MiB of JSON. */
  documentStore() {
    return {
      get: (key: string) => {
        const document = this.store.get(key);
        if (document !== undefined) this.kept.add(document);
        return Promise.resolve(document);
      },
      set: (key: string, document: DocumentNode) => {
        this.store.set(key, document, document.loc?.end ?? Infinity);
        return Promise.resolve();
      },
      delete: () => Promise.resolve(false),
    };
  }

  /** Learns which texts are valid, and may be asked. */
  apolloPlugin(): ApolloServerPlugin<RequestContext> {
    return {
      requestDidStart: () =>
        Promise.resolve({
          willSendResponse: ({ document, source, response: { body } }) => {
            const isWhole = body.kind === "single" && body.singleResult.errors === undefined;
            if (isWhole && document && this.kept.has(document))
              this.executed.set(source, document, { size: source.length });
            return Promise.resolve();
          },
        }),
    };
  }

  /** Learns as what Apollo has answered a posted query. */
  answered({ headers: { accept = "" } }: IncomingMessage, mediaType: string): void {
    if (accept.length <= longestAccepted) this.mediaTypes.set(accept, mediaType);
  }

  /** @returns undefined where Apollo is to answer; then nothing was counted */
  async answer(request: ReadRequest, isGone: () => boolean): Promise<HttpAnswer | undefined> {
    const mediaType = this.mediaTypes.get(request.headers.accept ?? "");
    const asked = mediaType === undefined ? undefined : this.operationIn(request);
    if (mediaType === undefined || asked === undefined) return undefined;
    const { gate, executor, watch, formatError, callerOf, contextOf } = this.parts;
    const prepared = executor.prepare(asked);
    if ("errors" in prepared) return undefined;
    const begun = performance.now();
    const caller = callerOf(request);
    const admission = await gate.admit(asked, caller);
    if (admission.error !== undefined) return undefined;
    const operation: Operation = { ...asked, context: contextOf(request, isGone) };
    const { data, errors: found } = await executor.execute(operation, undefined, prepared);
    const errors = found?.map(formatError);
    const client = clientOf(request.headers);
    watch.answered({ transport: "http", caller, client, begun }, { ...asked, errors });
    return {
      // Apollo says so where nothing was executed.
      status: data === undefined ? 400 : 200,
      headers: [["content-type", mediaType]],
      text: answerText({ errors, data, extensions: { cost: admission.cost } }),
    };
  }

  private operationIn({ method, url, body }: ReadRequest): Omit<Operation, "context"> | undefined {
    if (method !== "POST" || url?.includes("?") !== false || !isRecord(body)) return undefined;
    const { query, operationName, variables, extensions } = body;
    const document = typeof query === "string" ? this.executed.get(query) : undefined;
    if (document === undefined || !isNameOrNone(operationName)) return undefined;
    if (!isRecordOrNone(variables) || !isRecordOrNone(extensions)) return undefined;
    if (extensions?.persistedQuery !== undefined) return undefined;
    return { document, operationName, variables };
  }
}

function isNameOrNone(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || (typeof value === "string" && value !== "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRecordOrNone(value: unknown): value is Record<string, unknown> | null | undefined {
  return value === undefined || value === null || isRecord(value);
}
