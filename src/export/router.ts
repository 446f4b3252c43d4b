import express, { type Request, type Response, Router } from "express";
import type { GraphQLSchema } from "graphql";
import type { Caller } from "../access/caller.js";
import type { Connections } from "../access/connections.js";
import type { Gate } from "../access/gate.js";
import { ServiceError } from "../errors.js";
import type { CursorCodec } from "../graphql/cursors.js";
import type { Logger } from "../logger.js";
import type { OperationMetrics } from "../metrics/operation.metrics.js";
import type { Recipient, UnreadAnswers } from "../http/unread-answers.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Position } from "../store/readers/page.js";
import { list, readParameters } from "./parameters.js";
import { beginning, type ExportChunk, type SessionExport } from "./session-export.js";

export interface ExportParts {
  /** @param isGone whether nobody waits for the rest any more */
  readonly exportFor: (caller: Caller, isGone: () => boolean) => Pick<SessionExport, "ndjson" | "csv">;
  readonly schema: GraphQLSchema;
  readonly cursors: CursorCodec;
  readonly gate: Pick<Gate, "exporterOf">;
  readonly connections: Pick<Connections, "add">;
  readonly unread: UnreadAnswers;
  readonly metrics: OperationMetrics;
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
}

const greatestBody = "1mb";

/** How an export is written. */
interface Format {
  readonly name: "ndjson" | "csv";
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: readonly string[];
}

const formats: readonly Format[] = [
  {
    name: "ndjson",
    headers: { "Content-Type": "application/x-ndjson" },
    parameters: ["filter", "after", "pageCursors"],
  },
  {
    name: "csv",
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": 'attachment; filename="sessions.csv"',
    },
    parameters: ["filter", "after"],
  },
];

/**
 * `/export/sessions.ndjson` and `.csv`: all sessions that match `filter` (JSON in the shape of the GraphQL
 * input SessionFilter; POST takes the parameters as a JSON object), as one stream in the order of their ids.
 * The trailer `X-Export-Cursor` holds the cursor of the place that was reached; `after=` it, and the export
 * goes on there. A stream that breaks off has no trailer: resume after the id of the last session that came
 * whole. `pageCursors=true` puts a line `{"cursor": …}` after each page of NDJSON.
 */
export function exportRouter(parts: ExportParts): Router {
  const router = Router();
  for (const format of formats) {
    const path = `/export/sessions.${format.name}`;
    const answer = async (request: Request, response: Response): Promise<string | undefined> => {
      const caller = parts.gate.exporterOf(request, path);
      const { filter, after, pageCursors } = readParameters(request, {
        ...parts,
        parameters: format.parameters,
      });
      if (request.method === "HEAD") {
        response.set(format.headers).end();
        return undefined;
      }
      // Nothing would ever end what begins now.
      if (response.destroyed) return;
      parts.unread.demandFewWaiting(caller.id);
      const close = () => {
        breakOff(response);
      };
      response.once("close", parts.connections.add({ caller, subscriptions: () => 0, close }));
      const sessions = parts.exportFor(caller, () => response.destroyed);
      const chunks = sessions[format.name]({ scope: caller.scope, filter, after });
      const recipient = { socket: request.socket, callerId: caller.id };
      const stream = { format, chunks, after, withCursors: pageCursors, recipient };
      const run = () => send(response, parts, stream);
      const span = { name: `export sessions.${format.name}`, kind: "server" } as const;
      return await (parts.tracing?.span(span, run) ?? run());
    };
    const serve = async (request: Request, response: Response) => {
      const begun = performance.now();
      const finished = (code: string | undefined) => {
        parts.metrics.finished({
          transport: "export",
          operation: `sessions.${format.name}`,
          client: request.get("apollographql-client-name") ?? "unknown",
          milliseconds: performance.now() - begun,
          codes: code === undefined ? [] : [code],
        });
      };
      try {
        finished(await answer(request, response));
      } catch (error) {
        finished(codeOf(error));
        throw error;
      }
    };
    // Express lets HEAD come here too.
    router.get(path, serve);
    router.post(path, express.json({ limit: greatestBody }), serve);
  }
  return router;
}

interface Stream {
  readonly format: Format;
  readonly chunks: AsyncGenerator<ExportChunk>;
  /** Where it goes on from. */
  readonly after: Position | undefined;
  readonly withCursors: boolean;
  readonly recipient: Recipient;
}

/**
 * @returns the code of the error at which it broke off
 * @throws what is refused (a filter too deep, say), before the first byte; nothing once the answer has begun
 */
async function send(
  response: Response,
  { cursors, logger, unread }: ExportParts,
  { format, chunks, after, withCursors, recipient }: Stream,
): Promise<string | undefined> {
  // HTTP/1.0 knows neither chunks nor the trailer after them.
  const isChunked = response.useChunkedEncodingByDefault;
  let [hasBegun, isDone] = [false, false];
  // Where nothing is left, whoever keeps the cursor keeps its place.
  let cursor = cursors.encode(list, after ?? beginning);
  try {
    // Each page is read once the one before is taken: the export goes at its reader's pace.
    const sendPage = async () => {
      const next = await chunks.next();
      if (response.destroyed) return 0;
      if (!hasBegun) {
        hasBegun = true;
        response.set(format.headers);
        if (isChunked) response.setHeader("Trailer", "X-Export-Cursor");
      }
      if (next.done === true) {
        isDone = true;
        return 0;
      }
      const { text, position } = next.value;
      cursor = cursors.encode(list, position);
      const page = Buffer.from(withCursors ? `${text}${JSON.stringify({ cursor })}\n` : text);
      response.write(page);
      return page.length;
    };
    while (!isDone)
      if (!(await unread.answer(recipient, sendPage)) || response.destroyed) return "CLIENT_GONE";
    if (isChunked) response.addTrailers({ "X-Export-Cursor": cursor });
    response.end();
    return undefined;
  } catch (error) {
    if (!hasBegun) throw error;
    if (!response.destroyed) logger.error({ err: error }, "an export broke off");
    breakOff(response);
    return codeOf(error);
  } finally {
    await chunks.return(undefined);
  }
}

function codeOf(error: unknown): string {
  return error instanceof ServiceError ? error.code : "INTERNAL_SERVER_ERROR";
}

/** Without chunks, an end in order would look like the end of a whole export. */
function breakOff(response: Response): void {
  if (response.useChunkedEncodingByDefault) response.destroy();
  else response.socket?.resetAndDestroy();
}
