import { getOperationAST, type GraphQLError } from "graphql";
import { isNameLike } from "../metrics/bounded-labels.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Operation, Result, TraceOperations } from "./plan/executor.js";

/** Makes operations spans, by their names, and remembers in which trace an error occurred. */
export class OperationTraces implements TraceOperations {
  private readonly tracesOf = new WeakMap<Error, string>();

  constructor(private readonly tracing: Tracing) {}

  async execute(operation: Operation, run: () => Promise<Result>): Promise<Result> {
    const { document, operationName, context } = operation;
    const { operation: type = "query", name } = getOperationAST(document, operationName) ?? {};
    const shown = name !== undefined && isNameLike(name.value) ? name.value : undefined;
    const attributes = {
      "graphql.operation.type": type,
      "graphql.operation.name": shown,
      "conversation_agent_api.transport": context.transport,
    };
    const description = {
      name: shown === undefined ? type : `${type} ${shown}`,
      kind: "server" as const,
      attributes,
      traceparent: context.traceparent,
    };
    return await this.tracing.span(description, async () => {
      const result = await run();
      this.remember(result.errors ?? []);
      return result;
    });
  }

  /** The trace in which an error occurred, if it is known. */
  traceIdOf(error: unknown): string | undefined {
    return error instanceof Error ? this.tracesOf.get(error) : undefined;
  }

  private remember(errors: readonly GraphQLError[]): void {
    const traceId = this.tracing.activeTraceId();
    if (traceId !== undefined) for (const error of errors) this.tracesOf.set(error, traceId);
  }
}
