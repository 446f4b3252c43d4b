import type { RequestHandler, Response } from "express";
import { getOperationAST, type GraphQLError, OperationTypeNode } from "graphql";
import { z } from "zod";
import type { Caller } from "../../access/caller.js";
import type { Connection } from "../../access/connections.js";
import { BadInputError, RateLimitedError, UnavailableError } from "../../errors.js";
import type { Message, Sink } from "../../feed/sink.js";
import type { Recipient } from "../../http/unread-answers.js";
import { asGraphQLError } from "../format-error.js";
import { type AnsweredOperation, type AskedOperation, clientOf } from "../operation-watch.js";
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

const streamHeaders = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

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
    this.refuseStopping(response);
    // Express lets HEAD come here too: nothing would ever be written, nor show that the client has left.
    if (request.method === "HEAD") {
      response.writeHead(200, streamHeaders).end();
      return;
    }
    const body: unknown = request.method === "POST" ? request.body : request.query;
    const read = (request.method === "POST" ? parameters : fromUrl).safeParse(body);
    if (!read.success) {
      const error = new BadInputError("The request must have a query, and variables that are an object.");
      response.status(400).json({ errors: [this.parts.formatError(error)] });
      return;
    }
    // A request is kept as long as its stream.
    request.body = undefined;
    const { preparer, access, contextFor } = this.parts;
    const caller = access.gate.callerOf(request);
    const client = clientOf(request.headers);
    const asked = { transport: "event_stream", caller, client, begun: performance.now() } as const;
    if (isGone(response)) return;
    this.enter(caller, response);
    const prepared = await preparer.prepare(
      read.data,
      contextFor("event_stream", caller, () => isGone(response)),
    );
    if (isGone(response)) return;
    this.refuseStopping(response);
    if (!("args" in prepared)) refuseTooFrequent(prepared);
    this.begin(response);
    if ("args" in prepared) {
      const recipient = { socket: request.socket, callerId: caller.id };
      const lastEventId = request.get("Last-Event-ID") ?? "";
      await this.run(response, prepared, { asked, recipient, lastEventId });
    } else {
      const { query, operationName } = read.data;
      this.finish(response, { asked, query, operationName }, { errors: prepared, cost: costOf(prepared) });
    }
  };

  /** Ends all streams without the event `complete`, so that clients resume elsewhere. */
  stop(): void {
    this.isStopping = true;
    clearInterval(this.heartbeat);
    for (const response of this.open) response.end();
  }

  /**
   * The stream would hold up the end of this instance: over a connection that was kept alive one may come
   * late.
   * @throws UnavailableError where the instance stops
   */
  private refuseStopping(response: Response): void {
    if (!this.isStopping) return;
    response.setHeader("Connection", "close");
    throw new UnavailableError("This instance stops; another one serves.", undefined, 1);
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
    response.writeHead(200, streamHeaders);
    response.write(":\n\n");
    this.open.add(response);
    response.once("close", () => this.open.delete(response));
  }

  private async run(
    response: Response,
    { args, cost }: PreparedOperation,
    { asked, recipient, lastEventId }: StreamRequest,
  ): Promise<void> {
    const { executor, operations, unread, watch } = this.parts;
    const operation = toOperation(args);
    const observed = { asked, document: operation.document, operationName: operation.operationName };
    if (
      getOperationAST(operation.document, operation.operationName)?.operation !==
      OperationTypeNode.SUBSCRIPTION
    ) {
      await unread.answer(recipient, async () => {
        if (isGone(response)) return 0;
        const { errors, ...result } = await executor.execute(operation);
        return this.finish(response, observed, { errors, cost, result });
      });
      return;
    }
    const opened = await operations.open(operation, new EventStreamSink(response), lastEventId);
    if (!("ended" in opened)) {
      this.finish(response, observed, { errors: opened, cost });
      return;
    }
    watch.answered(asked, observed);
    response.once("close", () => {
      opened.end();
    });
    if (response.destroyed) opened.end();
    await opened.ended.then(
      () => {
        response.end();
      },
      (error: unknown) => {
        const isCounted = { ...asked, begun: undefined };
        const errors = [asGraphQLError(error as Error)];
        this.finish(response, { ...observed, asked: isCounted }, { errors, cost });
      },
    );
  }

  /** The last event of an operation that is over: its result, or why there is none. @returns its bytes */
  private finish(
    response: Response,
    { asked, ...observed }: ObservedRequest,
    { errors = [], cost, result = {} }: LastAnswer,
  ): number {
    const formatted = errors.map(this.parts.formatError);
    this.parts.watch.answered(asked, { ...observed, errors: formatted });
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

interface StreamRequest {
  readonly asked: AskedOperation;
  readonly recipient: Recipient;
  readonly lastEventId: string;
}

/** An operation for its metrics and log line. */
type ObservedRequest = Omit<AnsweredOperation, "errors"> & { readonly asked: AskedOperation };

interface LastAnswer {
  readonly errors?: readonly GraphQLError[] | undefined;
  readonly cost: number | undefined;
  readonly result?: object;
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
  readonly transport = "event_stream";

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
