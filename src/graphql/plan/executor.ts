import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from "graphql";
import { CompiledOperations } from "./compiled-operations.js";
import { Conditions } from "./conditions.js";
import type { RequestContext } from "../context.js";
import { findOperation, SubscriptionInRequestError } from "../errors.js";
import { asGraphQLError } from "../format-error.js";
import { readVariables } from "./variables.js";

/** An operation, parsed and validated. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: RequestContext;
}

/**
 * Executes operations: through graphql-jit those that come again, through graphql-js the others.
 */
export class Executor {
  private readonly compiled: CompiledOperations;
  /** Whoever looks at an operation before it is executed asks these, so that it is settled once. */
  readonly conditions = new Conditions();

  constructor(private readonly schema: GraphQLSchema) {
    this.compiled = new CompiledOperations(schema);
  }

  /** @param rootValue of a subscription: the event */
  async execute(operation: Operation, rootValue?: unknown): Promise<ExecutionResult> {
    const { document, operationName, variables, context } = operation;
    const definition = findOperation(document, operationName);
    if (definition instanceof GraphQLError) return { errors: [definition] };
    if (definition.operation === OperationTypeNode.SUBSCRIPTION && rootValue === undefined)
      return { errors: [asGraphQLError(new SubscriptionInRequestError())] };
    const read = readVariables(this.schema, definition.variableDefinitions ?? [], variables ?? {});
    if ("errors" in read) return read;
    const settled = this.conditions.settle({ document, operation: definition }, read.coerced);
    const compiled = settled && this.compiled.find(settled.document, settled.operation);
    try {
      if (compiled === undefined) {
        return await execute({
          schema: this.schema,
          document: settled?.document ?? document,
          rootValue,
          operationName: operationName ?? null,
          variableValues: variables ?? null,
          contextValue: context,
        });
      }
      const result = await compiled(rootValue, context, read.coerced);
      return result.errors === undefined ? result : { ...result, errors: result.errors.map(asGraphQLError) };
    } finally {
      context.end();
    }
  }
}
