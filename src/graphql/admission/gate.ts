import { type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { getOperationAST, GraphQLError, type GraphQLSchema, Kind } from "graphql";
import type { Access } from "../../access/access.js";
import { type Caller, localCaller } from "../../access/caller.js";
import { BadInputError, ServiceError } from "../../errors.js";
import { isUuid } from "../../model/uuid.js";
import type { AllowList } from "./allow-list.js";
import type { RequestContext } from "../context.js";
import { ReadingTime } from "./reading-time.js";
import { KnownWeights } from "./known-weights.js";
import { demandWithin, type Limits, type RequestedOperation } from "./limits.js";

/** Decides, for HTTP and WebSocket alike, whether a valid operation is executed. */
export class OperationGate {
  private readonly readingTime: ReadingTime;
  private readonly weights: KnownWeights;

  constructor(
    schema: GraphQLSchema,
    private readonly limits: Limits,
    private readonly allowList: AllowList | undefined,
    private readonly access: Pick<Access, "limits" | "audit">,
  ) {
    this.readingTime = new ReadingTime(limits.validationMilliseconds);
    this.weights = new KnownWeights(schema);
  }

  /**
   * What validation says of a text that is not listed would tell strangers the schema.
   * @returns the error to answer with, where only listed operations are served and this is none of them
   */
  refuseUnlisted(text: string): GraphQLError | undefined {
    try {
      this.allowList?.demand(text);
      return undefined;
    } catch (error) {
      return asGraphQLError(error);
    }
  }

  /**
   * Asked before a text is parsed: no stack holds one that is nested without end.
   * @param text undefined where the request names it by its hash alone: it may have to be parsed all the same
   * @returns the error to answer with, where it is not listed or nested too deep, or the caller's texts took
   * too long
   */
  refuseText(text: string | undefined, caller: Caller): GraphQLError | undefined {
    try {
      if (text !== undefined) this.allowList?.demand(text);
      this.readingTime.demandTime(caller);
      if (text !== undefined && nestingOf(text) > greatestNesting)
        throw new BadInputError(`query: ${nesting}.`, [{ field: "query", rule: nesting }]);
      return undefined;
    } catch (error) {
      return asGraphQLError(error);
    }
  }

  /** A text of the caller was parsed, or validated. */
  tookToRead(caller: Caller, milliseconds: number): void {
    this.readingTime.took(caller, milliseconds);
  }

  /**
   * @param caller whose share of the minute it takes its cost from
   * @returns its cost, and the error to answer with where it may not run
   */
  async admit(
    operation: RequestedOperation,
    caller: Caller,
  ): Promise<{ readonly cost: number; readonly error?: GraphQLError | undefined }> {
    const weight = this.weights.of(operation);
    try {
      demandWithin(weight, this.limits);
      await this.access.limits.countCost(caller, weight.cost);
      this.note(operation, caller, weight.cost);
      return { cost: weight.cost };
    } catch (error) {
      return { cost: weight.cost, error: asGraphQLError(error) };
    }
  }

  /**
   * Who reads what, for the audit log: the cost bounds how many objects. Whoever runs an open service is
   * nobody to note.
   */
  private note(operation: RequestedOperation, caller: Caller, cost: number): void {
    if (caller === localCaller) return;
    const name = operation.operationName ?? "";
    const ids = Object.values(operation.variables ?? {}).filter(
      (value): value is string => typeof value === "string" && isUuid(value),
    );
    const fields = `${name}{${rootFields(operation).join(" ")}}`;
    this.access.audit.note({
      caller: caller.id,
      role: caller.role,
      action: "read",
      operation: fields,
      count: cost,
      ids,
    });
  }
}

/** More than any setting of the greatest depth allows, and far from where parsing exhausts the stack. */
const greatestNesting = 1_000;
const nesting = `must not be nested deeper than ${greatestNesting} levels`;

/**
 * Strings, comments, and what opens and closes a level. Strings without an end match too, or each quote in
 * them would be tried.
 */
const levels = /"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n\r])*"?|#[^\n\r]*|([([{])|[)\]}]/g;

function nestingOf(text: string): number {
  let [depth, greatest] = [0, 0];
  for (const [token, opening] of text.matchAll(levels)) {
    if (opening !== undefined) depth += 1;
    else if (/^[)\]}]/.test(token)) depth -= 1;
    greatest = Math.max(greatest, depth);
  }
  return greatest;
}

/** The names of the operation's own fields: what is asked for at the top. */
function rootFields({ document, operationName }: RequestedOperation): string[] {
  const selections = getOperationAST(document, operationName)?.selectionSet.selections ?? [];
  return selections.map((selection) => (selection.kind === Kind.FIELD ? selection.name.value : "…"));
}

/** The gate at Apollo's door; it also reports the cost in `extensions.cost`. */
export function gatePlugin(gate: OperationGate): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: ({ contextValue: { caller } }) => {
      let cost: number | undefined;
      const timed = () => {
        const begun = performance.now();
        return Promise.resolve(() => {
          gate.tookToRead(caller, performance.now() - begun);
          return Promise.resolve();
        });
      };
      return Promise.resolve({
        parsingDidStart: timed,
        validationDidStart: timed,
        didResolveOperation: async ({ document, operationName, request, source, contextValue }) => {
          // The endpoint has asked about what the request holds; this is about what Apollo made of it.
          const unlisted = gate.refuseUnlisted(source);
          if (unlisted !== undefined) throw unlisted;
          const operation = { document, operationName, variables: request.variables };
          const admission = await gate.admit(operation, contextValue.caller);
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
