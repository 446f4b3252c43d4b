import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type cors from "cors";
import helmet from "helmet";
import { LRUCache } from "lru-cache";

/** Sets headers on an answer. */
export type SetHeaders = (response: ServerResponse) => void;

type Headers = readonly (readonly [name: string, value: number | string | string[]])[];

/**
 * helmet's headers. They are the same for every answer, so helmet is asked once: setting them one handler
 * after the other takes a twentieth of what a small answer takes.
 */
export function securityHeaders(options: Parameters<typeof helmet>[0]): SetHeaders {
  const request = new IncomingMessage(new Socket());
  const headers = headersSetBy((response) => {
    helmet(options)(request, response, () => undefined);
  });
  return (response) => {
    setAll(response, headers);
  };
}

const mostOrigins = 100;
const longestOrigin = 500;

/** The headers of cors on answers, but for those to OPTIONS. It is asked once for each origin. */
export function originHeaders(
  handler: ReturnType<typeof cors>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const known = new LRUCache<string, Headers>({ max: mostOrigins });
  return (request, response) => {
    // No header holds a line break.
    const { origin = "\n" } = request.headers;
    const headers =
      known.get(origin) ??
      headersSetBy((asked) => {
        handler(request, asked, () => undefined);
      });
    if (origin.length <= longestOrigin) known.set(origin, headers);
    setAll(response, headers);
  };
}

function headersSetBy(set: (response: ServerResponse) => void): Headers {
  const asked = new ServerResponse(new IncomingMessage(new Socket()));
  set(asked);
  return Object.entries(asked.getHeaders()).map(([name, value = ""]) => [name, value] as const);
}

function setAll(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of headers) response.setHeader(name, value);
}
