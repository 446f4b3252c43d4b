import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError, type GraphQLSchema } from "graphql";
import { ServiceError } from "../errors.js";
import type { AllowList } from "./allow-list.js";
import type { RequestContext } from "./context.js";
import { demandWithin, type Limits, type RequestedOperation, weigh } from "./limits.js";

/** Decides, for HTTP and WebSocket alike, whether a valid operation is executed. */
export class OperationGate {
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly limits: Limits,
    private readonly allowList: AllowList | undefined,
  ) {}

  /**
   * @param text the operation as the client wrote it
   * @returns its cost, and the error to answer with where it may not run
   */
  admit(
    operation: RequestedOperation,
    text: string,
  ): { readonly cost: number; readonly error?: GraphQLError | undefined } {
    const weight = weigh(this.schema, operation);
    try {
      this.allowList?.demand(text);
      demandWithin(weight, this.limits);
      return { cost: weight.cost };
    } catch (error) {
      return { cost: weight.cost, error: asGraphQLError(error) };
    }
  }
}

/** The gate at Apollo's door; it also reports the cost in `extensions.cost`. */
export function gatePlugin(gate: OperationGate): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: () => {
      let cost: number | undefined;
      return Promise.resolve({
        didResolveOperation: ({ document, operationName, request, source }) => {
          const admission = gate.admit({ document, operationName, variables: request.variables }, source);
          cost = admission.cost;
          return admission.error === undefined ? Promise.resolve() : Promise.reject(admission.error);
        },
        willSendResponse: ({ response: { body } }) => {
          if (cost !== undefined && body.kind === "single")
            body.singleResult.extensions = { ...body.singleResult.extensions, cost };
          return Promise.resolve();
        },
      });
    },
  };
}

function asGraphQLError(error: unknown): GraphQLError {
  if (!(error instanceof ServiceError)) throw error;
  const { message, code, status } = error;
  return new GraphQLError(message, { originalError: error, extensions: { code, http: { status } } });
}
