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

/** What is to be executed, with variables that fit. */
export interface Prepared {
  readonly plan: Plan;
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
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

  /**
   * @param rootValue of a subscription: the event
   * @param prepared what {@link prepare} said of it, where it was asked before
   */
  async execute(operation: Operation, rootValue?: unknown, prepared?: Prepared): Promise<Result> {
    const run = () => this.run(operation, rootValue, prepared ?? this.prepare(operation, rootValue));
    return await (this.traces === undefined ? run() : this.traces.execute(operation, run));
  }

  /** @returns the errors to answer with, where it cannot be executed */
  prepare(
    { document, operationName, variables }: Omit<Operation, "context">,
    rootValue?: unknown,
  ): Prepared | { readonly errors: readonly GraphQLError[] } {
    const definition = findOperation(document, operationName);
    if (definition instanceof GraphQLError) return { errors: [definition] };
    if (definition.operation === OperationTypeNode.SUBSCRIPTION && rootValue === undefined)
      return { errors: [asGraphQLError(new SubscriptionInRequestError())] };
    const read = readVariables(this.schema, definition.variableDefinitions ?? [], variables ?? {});
    if ("errors" in read) return read;
    try {
      const settled = this.conditions.settle({ document, operation: definition }, read.coerced);
      return { plan: this.planOf(settled.document, settled.operation), variables: read.coerced };
    } catch (error) {
      return { errors: [asGraphQLError(error as Error)] };
    }
  }

  private async run(
    { context }: Operation,
    rootValue: unknown,
    prepared: Prepared | { readonly errors: readonly GraphQLError[] },
  ): Promise<Result> {
    if ("errors" in prepared) return prepared;
    try {
      return await new Execution(prepared.plan, context, prepared.variables).run(rootValue);
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
