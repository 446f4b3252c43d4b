import type { RequestHandler, Response } from "express";
import { getOperationAST, type GraphQLError, OperationTypeNode } from "graphql";
import { z } from "zod";
import type { Caller } from "../../access/caller.js";
import type { Connection } from "../../access/connections.js";
import { BadInputError, RateLimitedError, UnavailableError } from "../../errors.js";
import type { Message, Sink } from "../../feed/sink.js";
import type { Recipient } from "../../http/unread-answers.js";
import { asGraphQLError } from "../format-error.js";
import { answerText } from "../plan/json-text.js";
import { costOf, type PreparedOperation } from "../plan/prepare-operation.js";
import { toOperation, type TransportParts } from "./transport.js";

const variables = z.record(z.string(), z.unknown());
const parameters = z.object({
  query: z.string().min(1),
  operationName: z.string().nullish(),
  variables: variables.nullish(),
});
const fromUrl = parameters.extend({
  variables: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "must be JSON" });
        return z.NEVER;
      }
    })
    .pipe(variables)
    .optional(),
});

/**
 * `/graphql/stream`: graphql-sse's distinct connections mode, one operation a connection. Each event's id is
 * its cursor, so a browser's EventSource that reconnects by itself goes on from there: `Last-Event-ID` counts
 * as `after`.
 */
export class EventStreamEndpoint {
  private readonly open = new Set<Response>();
  private readonly heartbeat: NodeJS.Timeout;
  private isStopping = false;

  constructor(private readonly parts: TransportParts) {
    this.heartbeat = setInterval(() => {
      for (const response of this.open) writeTo(response, ":\n\n");
    }, parts.keepAliveSeconds * 1_000);
  }

  readonly handle: RequestHandler = async (request, response) => {
    // Over a connection that was kept alive; the stream would hold up the end of this instance.
    if (this.isStopping) {
      response.setHeader("Connection", "close");
      throw new UnavailableError("This instance stops; another one serves.", undefined, 1);
    }
    const body: unknown = request.method === "POST" ? request.body : request.query;
    const read = (request.method === "POST" ? parameters : fromUrl).safeParse(body);
    if (!read.success) {
      const error = new BadInputError("The request must have a query, and variables that are an object.");
      response.status(400).json({ errors: [this.parts.formatError(error)] });
      return;
    }
    const { preparer, access, contextFor } = this.parts;
    const caller = access.gate.callerOf(request);
    if (isGone(response)) return;
    this.enter(caller, response);
    const prepared = await preparer.prepare(
      read.data,
      contextFor(caller, () => isGone(response)),
    );
    if (isGone(response)) return;
    if (!("args" in prepared)) refuseTooFrequent(prepared);
    this.begin(response);
    if ("args" in prepared) {
      const recipient = { socket: request.socket, callerId: caller.id };
      await this.run(response, prepared, { recipient, lastEventId: request.get("Last-Event-ID") ?? "" });
    } else this.finish(response, prepared, costOf(prepared));
  };

  /** Ends all streams without the event `complete`, so that clients resume elsewhere. */
  stop(): void {
    this.isStopping = true;
    clearInterval(this.heartbeat);
    for (const response of this.open) response.end();
  }

  /**
   * Counts a stream among its caller's connections for as long as it is open.
   * @throws RateLimitedError where it is one too many
   */
  private enter(caller: Caller, response: Response): void {
    const { connections } = this.parts.access;
    const connection: Connection = {
      caller,
      subscriptions: () => 1,
      close: () => response.destroy(),
    };
    response.once("close", connections.add(connection));
    connections.checkSubscription(connection);
  }

  private begin(response: Response): void {
    response.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-cache, no-transform",
      "X-Accel-Buffering": "no",
    });
    response.write(":\n\n");
    this.open.add(response);
    response.once("close", () => this.open.delete(response));
  }

  private async run(
    response: Response,
    { args, cost }: PreparedOperation,
    { recipient, lastEventId }: { readonly recipient: Recipient; readonly lastEventId: string },
  ): Promise<void> {
    const { executor, operations, unread } = this.parts;
    const operation = toOperation(args);
    if (
      getOperationAST(operation.document, operation.operationName)?.operation !==
      OperationTypeNode.SUBSCRIPTION
    ) {
      await unread.answer(recipient, async () => {
        if (isGone(response)) return 0;
        const { errors, ...result } = await executor.execute(operation);
        return this.finish(response, errors ?? [], cost, result);
      });
      return;
    }
    const opened = await operations.open(operation, new EventStreamSink(response), lastEventId);
    if (!("ended" in opened)) {
      this.finish(response, opened, cost);
      return;
    }
    response.once("close", () => {
      opened.end();
    });
    if (response.destroyed) opened.end();
    await opened.ended.then(
      () => {
        response.end();
      },
      (error: unknown) => {
        this.finish(response, [asGraphQLError(error as Error)], cost);
      },
    );
  }

  /** The last event of an operation that is over: its result, or why there is none. @returns its bytes */
  private finish(
    response: Response,
    errors: readonly GraphQLError[],
    cost: number | undefined,
    result: object = {},
  ): number {
    const formatted = errors.map((error) => this.parts.formatError(error));
    const answer = {
      ...result,
      ...(formatted.length > 0 && { errors: formatted }),
      ...(cost !== undefined && { extensions: { cost } }),
    };
    const last = Buffer.from(`event: next\ndata: ${answerText(answer)}\n\nevent: complete\ndata:\n\n`);
    response.end(last);
    return last.length;
  }
}

/** Whether the client has left already: then "close" has been, and nothing would ever end what begins now. */
function isGone({ destroyed }: Response): boolean {
  return destroyed;
}

/** Adds to a stream. One that has ended and is not read yet is still open, and takes nothing more. */
function writeTo(response: Response, chunk: string | Buffer): void {
  if (!response.writableEnded) response.write(chunk);
}

/** A stream cannot say when to come again; the status and headers of an answer that has not begun can. */
function refuseTooFrequent(errors: readonly GraphQLError[]): void {
  for (const { originalError } of errors) if (originalError instanceof RateLimitedError) throw originalError;
}

/** Writes events into a response; each one's id is its cursor. */
class EventStreamSink implements Sink {
  constructor(private readonly response: Response) {}

  get backlog(): number {
    return this.response.writableLength;
  }

  send(messages: readonly Message[]): void {
    const parts = messages.flatMap(({ cursor, json }) => [
      Buffer.from(`id: ${cursor}\nevent: next\ndata: `),
      json,
      blankLine,
    ]);
    writeTo(this.response, Buffer.concat(parts));
  }
}

const blankLine = Buffer.from("\n\n");
