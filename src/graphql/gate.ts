import { type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { GraphQLError, type GraphQLSchema } from "graphql";
import type { Caller } from "../access/caller.js";
import type { RateLimits } from "../access/rate-limits.js";
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
    private readonly rates: RateLimits,
  ) {}

  /**
   * @param text the operation as the client wrote it
   * @param caller whose share of the minute it takes its cost from
   * @returns its cost, and the error to answer with where it may not run
   */
  async admit(
    operation: RequestedOperation,
    text: string,
    caller: Caller,
  ): Promise<{ readonly cost: number; readonly error?: GraphQLError | undefined }> {
    const weight = weigh(this.schema, operation);
    try {
      this.allowList?.demand(text);
      demandWithin(weight, this.limits);
      await this.rates.countCost(caller, weight.cost);
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
        didResolveOperation: async ({ document, operationName, request, source, contextValue }) => {
          const operation = { document, operationName, variables: request.variables };
          const admission = await gate.admit(operation, source, contextValue.caller);
          cost = admission.cost;
          if (admission.error !== undefined) throw admission.error;
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
  const { message, code, status, retryAfterSeconds } = error;
  const headers = new HeaderMap();
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  return new GraphQLError(message, { originalError: error, extensions: { code, http: { status, headers } } });
}
