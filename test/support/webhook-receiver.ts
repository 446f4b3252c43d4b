import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Received {
  body: Buffer;
  headers: IncomingHttpHeaders;
  path: string | undefined;
  at: number;
}

export interface WebhookReceiver {
  url: string;
  received: Received[];
  stop: () => Promise<void>;
}

/**
 * A real server on a free port that keeps what it gets; `answer` decides what it says, 200 by itself. Where
 * it returns false, nobody gets an answer.
 */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received, count: number) => unknown = () => undefined,
): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const one = { body, headers: request.headers, path: request.url, at: performance.now() };
      received.push(one);
      if (answer(response, one, received.length) !== false) response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks/whippy`,
    received,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
