import { socketClient } from "./callers.js";
import type { TestService } from "./service.js";

/** An operation, as every transport takes it. */
export interface Request {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

/** Its one answer, as every transport gives it; over WebSocket the errors alone where it is refused. */
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: {
      readonly code: string;
      readonly fields?: readonly { readonly field: string; readonly rule: string }[];
    };
  }[];
}

export type Send = (request: Request) => Promise<Answer>;

/** The ways in which a service answers an operation. */
export function transportsOf(service: TestService) {
  const sockets = socketClient(service);
  const overHttp: Send = async ({ query, variables }) => await service.query(query, variables);
  const overStream: Send = async (request) => {
    const response = await fetch(`${service.url}/graphql/stream`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
    });
    const told = /^data: (.+)$/m.exec(await response.text());
    return JSON.parse(String(told?.[1])) as Answer;
  };
  const overSocket: Send = (request) =>
    new Promise((resolve) => {
      let answer: Answer = {};
      sockets.subscribe(request, {
        next: (received) => {
          answer = received as Answer;
        },
        error: (errors) => {
          resolve({ errors: errors as NonNullable<Answer["errors"]> });
        },
        complete: () => {
          resolve(answer);
        },
      });
    });
  return { overHttp, overStream, overSocket, close: () => sockets.dispose() };
}
