import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  specifiedRules,
  type ValidationRule,
} from "graphql";
import { BadInputError } from "../../errors.js";
import type { RequestContext } from "../context.js";
import { Documents } from "./documents.js";
import { findOperation } from "../errors.js";
import { asGraphQLError } from "../format-error.js";
import type { OperationGate } from "../admission/gate.js";

/** Enough for the largest operations that people write; parsing and validating stop being cheap beyond it. */
export const parseOptions = { maxTokens: 5_000 };

/** Directives cost time to validate and mean little work, so nobody needs many. */
const greatestDirectives = 100;

/** Of the JSON of a subscription's payload, which is kept for as long as it is open. */
const longestSubscription = 65_536;

/** What a client sends to have an operation run. */
export interface OperationPayload {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An operation that may be run, and its cost. */
export interface PreparedOperation {
  readonly args: ExecutionArgs;
  readonly cost: number;
}

/**
 * Makes what Apollo does for HTTP happen on every other transport: the same limits in parsing, validation and
 * admission.
 */
export class OperationPreparer {
  private readonly documents: Documents;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly gate: OperationGate,
    { introspection }: { readonly introspection: boolean },
  ) {
    this.documents = new Documents(schema, parseOptions, [
      ...specifiedRules,
      ...validationRules,
      ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
    ]);
  }

  /** @returns the errors to answer with, where it may not be run */
  async prepare(
    payload: OperationPayload,
    context: RequestContext,
  ): Promise<PreparedOperation | readonly GraphQLError[]> {
    const { query, operationName: named, variables } = payload;
    // GraphQL over HTTP: an empty name is the same as none. graphql-js would look for an operation of that
    // name.
    const operationName = named === "" ? null : named;
    const refusal = this.gate.refuseText(query, context.caller);
    if (refusal !== undefined) return [refusal];
    const begun = performance.now();
    const { document, errors } = this.documents.prepare(query);
    this.gate.tookToRead(context.caller, performance.now() - begun);
    if (document === undefined) return errors;
    const operation = findOperation(document, operationName);
    if (operation instanceof GraphQLError) return [operation];
    if (operation.operation === OperationTypeNode.SUBSCRIPTION && isTooLong(payload))
      return [asGraphQLError(new BadInputError(`query: ${tooLong}.`, [{ field: "query", rule: tooLong }]))];
    const { cost, error } = await this.gate.admit({ document, operationName, variables }, context.caller);
    if (error) return [withCost(error, cost)];
    return {
      cost,
      args: {
        schema: this.schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: context,
      },
    };
  }
}

const tooLong = `must, with its variables, not be longer than ${longestSubscription} bytes in a subscription`;

function isTooLong(payload: OperationPayload): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(payload)) > longestSubscription;
  } catch {
    // Nested deeper than the stack is long.
    return true;
  }
}

/** A refusal over WebSocket is a list of errors: what would stand beside it over HTTP stands in it. */
function withCost({ message, originalError, extensions }: GraphQLError, cost: number): GraphQLError {
  return new GraphQLError(message, {
    originalError: originalError ?? null,
    extensions: { ...extensions, cost },
  });
}

/** What an operation costs that was refused once it was weighed. */
export function costOf(errors: readonly GraphQLError[]): number | undefined {
  const cost = errors[0]?.extensions.cost;
  return typeof cost === "number" ? cost : undefined;
}

/** Rules beyond GraphQL's own, on all transports. */
export const validationRules: readonly ValidationRule[] = [
  // graphql-js says so only when it executes one.
  (context) => ({
    OperationDefinition: (node) => {
      if (context.getSchema().getRootType(node.operation)) return;
      context.reportError(new GraphQLError(`The schema has no ${node.operation}.`, { nodes: node }));
    },
  }),
  (context) => {
    let directives = 0;
    return {
      Directive: (node) => {
        directives += 1;
        if (directives === greatestDirectives + 1) {
          context.reportError(
            new GraphQLError(`A document must not have more than ${greatestDirectives} directives.`, {
              nodes: node,
            }),
          );
        }
      },
    };
  },
];
