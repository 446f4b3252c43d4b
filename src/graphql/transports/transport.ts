import type { ExecutionArgs } from "graphql";
import type { Access } from "../../access/access.js";
import type { Caller } from "../../access/caller.js";
import type { Logger } from "../../logger.js";
import type { LimitMetrics } from "../../metrics/limit.metrics.js";
import type { UnreadAnswers } from "../../http/unread-answers.js";
import type { RequestContext } from "../context.js";
import type { FormatError } from "../format-error.js";
import type { OperationWatch } from "../operation-watch.js";
import type { Executor, Operation } from "../plan/executor.js";
import type { LiveOperations } from "./live-operations.js";
import type { OperationPreparer } from "../plan/prepare-operation.js";

/** What a transport that does not go through Apollo needs. */
export interface TransportParts {
  readonly keepAliveSeconds: number;
  readonly preparer: OperationPreparer;
  readonly executor: Executor;
  readonly operations: LiveOperations;
  readonly access: Access;
  readonly unread: UnreadAnswers;
  /** @param isGone whether nobody waits for the answer any more */
  readonly contextFor: (transport: string, caller: Caller, isGone: () => boolean) => RequestContext;
  readonly formatError: FormatError;
  readonly watch: OperationWatch;
  readonly limits: LimitMetrics;
  readonly logger: Logger;
}

/** What graphql's own functions take, as our executor takes it. */
export function toOperation({
  document,
  operationName,
  variableValues,
  contextValue,
}: ExecutionArgs): Operation {
  return {
    document,
    operationName,
    variables: variableValues,
    context: contextValue as RequestContext,
  };
}
