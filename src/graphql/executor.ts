import { type DocumentNode, execute, type ExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { RequestContext } from "./context.js";

/** An operation, parsed and validated. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: RequestContext;
}

/**
 * Executes queries through graphql-jit: an operation is compiled once and then runs at about twice the speed. Documents come out of
 * Apollo's cache, so the same text is the same object and compiled code is found by it.
 */
export class Executor {
  private readonly compiled = new WeakMap<DocumentNode, Map<string, CompiledQuery | undefined>>();

  constructor(private readonly schema: GraphQLSchema) {}

  async execute(operation: Operation): Promise<ExecutionResult> {
    const { document, operationName, variables, context } = operation;
    const query = this.compile(document, operationName ?? "");
    if (query === undefined) {
      return await execute({
        schema: this.schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: context,
      });
    }
    const result = await query.query(undefined, context, { ...variables });
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

/** graphql-jit throws errors of its own class; clients and Apollo's plugins want graphql's. */
function asGraphQLError(error: GraphQLError): GraphQLError {
  if (error instanceof GraphQLError && error.constructor === GraphQLError) return error;
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions: error.extensions,
  });
}
