import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type ApolloServer, HeaderMap, type HTTPGraphQLResponse } from "@apollo/server";
import type { UnreadAnswers } from "../../http/unread-answers.js";
import type { RequestContext } from "../context.js";
import type { HttpAnswer, KnownOperations, ReadRequest } from "./known-operations.js";

export interface ApolloHandlerParts {
  readonly apollo: ApolloServer<RequestContext>;
  readonly known: KnownOperations;
  readonly unread: UnreadAnswers;
  /** By whom an answer is counted. */
  readonly callerIdOf: (request: IncomingMessage) => string;
  readonly contextOf: (request: ReadRequest, response: ServerResponse) => RequestContext;
}

/**
 * Serves GraphQL over HTTP, through Apollo where it has not decided on the like before: an operation is
 * executed once there is room for its answer.
 */
export function apolloHandler({ apollo, known, unread, callerIdOf, contextOf }: ApolloHandlerParts) {
  const askApollo = async (request: ReadRequest, response: ServerResponse) => {
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method ?? "",
        headers: headersOf(request.headers),
        search: searchOf(request.url ?? ""),
        body: withoutEmptyOperationName(request.body),
      },
      context: () => Promise.resolve(contextOf(request, response)),
    });
    const mediaType = answer.headers.get("content-type");
    if (request.method === "POST" && answer.status === undefined && mediaType !== undefined)
      known.answered(request, mediaType);
    return await toAnswer(answer);
  };
  return async (request: ReadRequest, response: ServerResponse): Promise<void> => {
    const callerId = callerIdOf(request);
    unread.demandFewWaiting(callerId);
    await unread.answer({ socket: request.socket, callerId }, async () => {
      if (response.destroyed) return 0;
      const isGone = () => response.destroyed;
      const answer = (await known.answer(request, isGone)) ?? (await askApollo(request, response));
      return send(response, answer, request.method === "HEAD");
    });
  };
}

function headersOf(headers: IncomingHttpHeaders): HeaderMap {
  const map = new HeaderMap();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return map;
}

function searchOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start).replace(/(?<=[?&])operationName=(?:&|$)/g, "");
}

/**
 * GraphQL over HTTP: an empty operationName is the same as none. graphql-js looks for an operation of that
 * name.
 */
function withoutEmptyOperationName(body: unknown): unknown {
  const { operationName } = (body ?? {}) as { readonly operationName?: unknown };
  return operationName === "" ? { ...(body as object), operationName: null } : body;
}

/** Characters of an answer that is written as it is. */
const longestText = 10_000;

async function toAnswer({ status, headers, body }: HTTPGraphQLResponse): Promise<HttpAnswer> {
  let text = "";
  if (body.kind === "complete") text = body.string;
  else for await (const chunk of body.asyncIterator) text += chunk;
  return { status: status ?? 200, headers, text };
}

/** @returns the bytes of the body */
function send(response: ServerResponse, { status, headers, text }: HttpAnswer, isHeadAlone: boolean): number {
  // A text travels with the headers in one piece. What may have to wait is bytes: they are counted.
  const body = text.length > longestText ? Buffer.from(text) : text;
  const length = Buffer.byteLength(body);
  response.statusCode = status;
  for (const [name, value] of headers)
    response.setHeader(name, value === "text/html" ? `${value}; charset=utf-8` : value);
  response.setHeader("Content-Length", length);
  response.end(isHeadAlone ? undefined : body);
  return length;
}
