import type { GraphiQL } from "graphiql";
import { getOperationAST, OperationTypeNode, parse } from "graphql";
import { createClient } from "graphql-ws";
import type { ComponentProps } from "react";
import { urlOf } from "../service.js";

type Fetcher = ComponentProps<typeof GraphiQL>["fetcher"];
/** An operation as GraphiQL sends it. */
type Operation = Parameters<Fetcher>[0];

/** Sends queries over HTTP and subscriptions over a WebSocket, both with the key where there is one. */
export function createFetcher(key: string | undefined): Fetcher {
  const url = urlOf("graphql");
  const sockets = createClient({
    url: url.replace(/^http/, "ws"),
    retryAttempts: 0,
    ...(key !== undefined && { connectionParams: { token: key } }),
  });
  return (operation, options) => {
    if (isSubscription(operation)) {
      const { query, operationName } = operation;
      const variables = operation.variables as Record<string, unknown> | undefined;
      const request = { query, operationName, variables };
      // Errors are the JSON that the service sent; GraphiQL shows them as they are.
      return sockets.iterate(request) as unknown as ReturnType<Fetcher>;
    }
    return ask(url, operation, {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...options?.headers,
    });
  };
}

async function ask(
  url: string,
  operation: Operation,
  headers: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
    body: JSON.stringify(operation),
  });
  return (await answer.json()) as Record<string, unknown>;
}

function isSubscription({ query, operationName }: Operation): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    // What cannot be parsed is for the service to explain.
    return false;
  }
}
