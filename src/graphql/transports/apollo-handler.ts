import { type ApolloServer, HeaderMap, type HTTPGraphQLResponse } from "@apollo/server";
import type { Request, RequestHandler, Response } from "express";
import type { UnreadAnswers } from "../../http/unread-answers.js";
import type { RequestContext } from "../context.js";

interface ApolloHandlerParts {
  readonly apollo: ApolloServer<RequestContext>;
  readonly unread: UnreadAnswers;
  /** By whom an answer is counted. */
  readonly callerIdOf: (request: Request) => string;
  readonly contextOf: (request: Request, response: Response) => RequestContext;
}

/** Serves GraphQL over HTTP through Apollo: an operation is executed once there is room for its answer. */
export function apolloHandler({ apollo, unread, callerIdOf, contextOf }: ApolloHandlerParts): RequestHandler {
  return async (request, response) => {
    await unread.answer({ socket: request.socket, callerId: callerIdOf(request) }, async () => {
      if (response.destroyed) return 0;
      const answer = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method: request.method,
          headers: headersOf(request),
          search: request.url.replace(/^[^?]*/, "").replace(/(?<=[?&])operationName=(?:&|$)/g, ""),
          body: withoutEmptyOperationName(request.body),
        },
        context: () => Promise.resolve(contextOf(request, response)),
      });
      return await send(response, answer);
    });
  };
}

function headersOf({ headers }: Request): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(", ") : value);
  return map;
}

/**
 * GraphQL over HTTP: an empty operationName is the same as none. graphql-js looks for an operation of that
 * name.
 */
function withoutEmptyOperationName(body: unknown): unknown {
  const { operationName } = (body ?? {}) as { readonly operationName?: unknown };
  return operationName === "" ? { ...(body as object), operationName: null } : body;
}

/** @returns the bytes of the body */
async function send(response: Response, { status, headers, body }: HTTPGraphQLResponse): Promise<number> {
  for (const [name, value] of headers) response.setHeader(name, value);
  let text = "";
  if (body.kind === "complete") text = body.string;
  else for await (const chunk of body.asyncIterator) text += chunk;
  response.status(status ?? 200).send(text);
  return Number(response.getHeader("Content-Length"));
}
