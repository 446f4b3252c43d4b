import { type DocumentNode, execute, type ExecutionResult, type GraphQLSchema } from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { RequestContext } from "./context.js";
import { asGraphQLError } from "./format-error.js";

/** An operation, parsed and validated. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: RequestContext;
}

/**
 * Executes operations through graphql-jit: one is compiled once and then runs at about twice the speed. Documents come out of
 * Apollo's cache, so the same text is the same object and compiled code is found by it.
 */
export class Executor {
  private readonly compiled = new WeakMap<DocumentNode, Map<string, CompiledQuery | undefined>>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** @param rootValue of a subscription: the event */
  async execute(operation: Operation, rootValue?: unknown): Promise<ExecutionResult> {
    const { document, operationName, variables, context } = operation;
    const query = this.compile(document, operationName ?? "");
    if (query === undefined) {
      return await execute({
        schema: this.schema,
        document,
        rootValue,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: context,
      });
    }
    const result = await query.query(rootValue, context, { ...variables });
    return result.errors === undefined ? result : { ...result, errors: result.errors.map(asGraphQLError) };
  }

  /** @returns undefined for what graphql-jit refuses: graphql-js then says why */
  private compile(document: DocumentNode, operationName: string): CompiledQuery | undefined {
    const byOperation = this.compiled.get(document) ?? new Map<string, CompiledQuery | undefined>();
    this.compiled.set(document, byOperation);
    if (!byOperation.has(operationName)) {
      const compiled = compileQuery(this.schema, document, operationName === "" ? undefined : operationName);
      byOperation.set(operationName, isCompiledQuery(compiled) ? compiled : undefined);
    }
    return byOperation.get(operationName);
  }
}
