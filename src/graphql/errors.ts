import { type DocumentNode, getOperationAST, GraphQLError, type OperationDefinitionNode } from "graphql";
import { ServiceError } from "../errors.js";

/** An event's session was erased after the event: there is nothing left to tell, and the event is skipped. */
export class SessionGoneError extends ServiceError {
  constructor() {
    super("The session of this event does not exist any more.", {
      status: 404,
      code: "NOT_FOUND",
      logLevel: "debug",
    });
  }
}

/** The request does not say which operation is meant, or names none of the document's. */
export class OperationNotFoundError extends ServiceError {
  constructor(operationName: string | null | undefined) {
    super(
      operationName
        ? `The document has no operation named ${JSON.stringify(operationName)}.`
        : "The document has several operations, or none: operationName must name one of them.",
      { status: 400, code: "OPERATION_RESOLUTION_FAILURE", logLevel: "info" },
    );
  }
}

/** A request has one answer, and a subscription many. */
export class SubscriptionInRequestError extends ServiceError {
  constructor() {
    super(
      "Subscriptions are served over WebSocket (/graphql, graphql-transport-ws) and as event streams (/graphql/stream).",
      { status: 400, code: "BAD_REQUEST", logLevel: "info" },
    );
  }
}

/** @skip and @include leave nothing of a subscription. */
export class NothingSelectedError extends ServiceError {
  constructor() {
    super("@skip and @include leave no field of the subscription.", {
      status: 400,
      code: "BAD_USER_INPUT",
      logLevel: "info",
    });
  }
}

/** @returns the error to answer with where the document has no such operation */
export function findOperation(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationDefinitionNode | GraphQLError {
  const operation = getOperationAST(document, operationName);
  if (operation) return operation;
  const originalError = new OperationNotFoundError(operationName);
  return new GraphQLError(originalError.message, { originalError });
}
