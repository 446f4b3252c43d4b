import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
} from "graphql";
import { Conditions } from "./conditions.js";
import type { RequestContext } from "../context.js";
import { findOperation, SubscriptionInRequestError } from "../errors.js";
import { asGraphQLError } from "../format-error.js";
import { Execution } from "./execution.js";
import type { JsonText } from "./json-text.js";
import { Plan } from "./plan.js";
import { readVariables } from "./variables.js";

/** An operation, parsed and validated. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: RequestContext;
}

/** What an operation answers; without data where nothing was executed. */
export interface Result {
  readonly data?: JsonText | null;
  readonly errors?: readonly GraphQLError[];
}

/** Makes operations spans of traces. */
export interface TraceOperations {
  execute(operation: Operation, run: () => Promise<Result>): Promise<Result>;
}

/**
 * Executes operations by their plans. Documents come out of a cache (see text-cache.ts), so the same text is
 * the same object, by which its plan is found, and with which it goes.
 */
export class Executor {
  private readonly plans = new WeakMap<OperationDefinitionNode, Plan>();
  /** Whoever looks at an operation before it is executed asks these, so that it is settled once. */
  readonly conditions = new Conditions();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly traces?: TraceOperations,
  ) {}

  /** @param rootValue of a subscription: the event */
  async execute(operation: Operation, rootValue?: unknown): Promise<Result> {
    const { traces } = this;
    if (traces === undefined) return await this.run(operation, rootValue);
    return await traces.execute(operation, () => this.run(operation, rootValue));
  }

  private async run(operation: Operation, rootValue: unknown): Promise<Result> {
    const { document, operationName, variables, context } = operation;
    const definition = findOperation(document, operationName);
    if (definition instanceof GraphQLError) return { errors: [definition] };
    if (definition.operation === OperationTypeNode.SUBSCRIPTION && rootValue === undefined)
      return { errors: [asGraphQLError(new SubscriptionInRequestError())] };
    const read = readVariables(this.schema, definition.variableDefinitions ?? [], variables ?? {});
    if ("errors" in read) return read;
    try {
      const settled = this.conditions.settle({ document, operation: definition }, read.coerced);
      const plan = this.planOf(settled.document, settled.operation);
      return await new Execution(plan, context, read.coerced).run(rootValue);
    } catch (error) {
      return { errors: [asGraphQLError(error as Error)] };
    } finally {
      context.end();
    }
  }

  private planOf(document: DocumentNode, operation: OperationDefinitionNode): Plan {
    const known = this.plans.get(operation);
    if (known !== undefined) return known;
    const plan = new Plan(this.schema, document, operation);
    this.plans.set(operation, plan);
    return plan;
  }
}
