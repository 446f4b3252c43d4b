import { once } from "node:events";
import { type Request, type Response, Router } from "express";
import { coerceInputValue, type GraphQLInputType, type GraphQLSchema } from "graphql";
import type { Gate } from "../access/gate.js";
import { BadInputError } from "../errors.js";
import type { CursorCodec } from "../graphql/cursors.js";
import type { Logger } from "../logger.js";
import type { Position } from "../store/readers/page.js";
import type { Scope } from "../store/readers/scope.js";
import { beginning, type ExportChunk, type ExportRequest, type SessionExport } from "./session-export.js";

export interface ExportParts {
  readonly sessions: Pick<SessionExport, "ndjson" | "csv">;
  readonly schema: GraphQLSchema;
  readonly cursors: CursorCodec;
  readonly gate: Pick<Gate, "exporterOf">;
  readonly logger: Logger;
}

const list = "export";
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How an export is written. */
interface Format {
  readonly name: "ndjson" | "csv";
  readonly headers: Readonly<Record<string, string>>;
}

const formats: readonly Format[] = [
  { name: "ndjson", headers: { "Content-Type": "application/x-ndjson" } },
  {
    name: "csv",
    headers: {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": 'attachment; filename="sessions.csv"',
    },
  },
];

/**
 * `/export/sessions.ndjson` and `.csv`: all sessions that match `filter` (JSON in the shape of the GraphQL input SessionFilter), as one
 * stream in the order of their ids. The trailer `X-Export-Cursor` holds the cursor of the place that was reached; `after=` it, and the
 * export goes on there. A stream that breaks off has no trailer: resume after the id of the last session that came whole.
 * `pageCursors=true` puts a line `{"cursor": …}` after each page of NDJSON.
 */
export function exportRouter(parts: ExportParts): Router {
  const router = Router();
  for (const format of formats) {
    // Express lets HEAD come here too.
    const path = `/export/sessions.${format.name}`;
    router.get(path, async (request, response) => {
      const { scope } = parts.gate.exporterOf(request, path);
      const asked = read(request, scope, parts);
      if (request.method === "HEAD") {
        response.set(format.headers).end();
        return;
      }
      const withCursors = format.name === "ndjson" && request.query.pageCursors === "true";
      await send(response, parts, {
        format,
        chunks: parts.sessions[format.name](asked),
        after: asked.after,
        withCursors,
      });
    });
  }
  return router;
}

/** @throws BadInputError naming the parameter and the rule */
function read(request: Request, scope: Scope, { schema, cursors }: ExportParts): ExportRequest {
  const { filter, after } = request.query;
  return {
    scope,
    filter: filter === undefined ? {} : readFilter(filter, schema),
    after: after === undefined ? undefined : readAfter(textOf(after, "after"), cursors),
  };
}

/** An export's order is that of the sessions' ids, so an id is a place in it. */
function readAfter(after: string, cursors: CursorCodec): Position {
  if (uuid.test(after)) return [after.toLowerCase()];
  try {
    return cursors.decode(list, after, "after");
  } catch {
    const rule = "must be a cursor of an export, or a session's id";
    throw new BadInputError(`after: ${rule}.`, [{ field: "after", rule }]);
  }
}

function readFilter(text: unknown, schema: GraphQLSchema): object {
  const problems: BadInputError[] = [];
  const refuse = (rule: string, field = "filter") =>
    new BadInputError(`${field}: ${rule}`, [{ field, rule }]);
  const json = textOf(text, "filter");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refuse("must be JSON.");
  }
  const type = schema.getType("SessionFilter") as GraphQLInputType;
  const coerced: unknown = coerceInputValue(value, type, (path, _value, error) => {
    problems.push(refuse(error.message, ["filter", ...path].join(".")));
  });
  if (problems[0] !== undefined) throw problems[0];
  return coerced ?? {};
}

/** Query parameters may be given twice, or as objects. */
function textOf(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  const rule = "must be given once";
  throw new BadInputError(`${field}: ${rule}.`, [{ field, rule }]);
}

interface Stream {
  readonly format: Format;
  readonly chunks: AsyncGenerator<ExportChunk>;
  /** Where it goes on from. */
  readonly after: Position | undefined;
  readonly withCursors: boolean;
}

/** @throws what is refused (a filter too deep, say), before the first byte; nothing once the answer has begun */
async function send(
  response: Response,
  { cursors, logger }: ExportParts,
  { format, chunks, after, withCursors }: Stream,
): Promise<void> {
  const closed = new AbortController();
  response.once("close", () => {
    closed.abort();
  });
  // HTTP/1.0 knows neither chunks nor the trailer after them.
  const isChunked = response.useChunkedEncodingByDefault;
  let hasBegun = false;
  // Where nothing is left, whoever keeps the cursor keeps its place.
  let cursor = cursors.encode(list, after ?? beginning);
  try {
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (response.destroyed) return;
      if (!hasBegun) {
        hasBegun = true;
        response.set(format.headers);
        if (isChunked) response.setHeader("Trailer", "X-Export-Cursor");
      }
      if (next.done === true) break;
      const { text, position } = next.value;
      cursor = cursors.encode(list, position);
      const line = withCursors ? `${JSON.stringify({ cursor })}\n` : "";
      if (!response.write(`${text}${line}`)) await once(response, "drain", { signal: closed.signal });
    }
    if (isChunked) response.addTrailers({ "X-Export-Cursor": cursor });
    response.end();
  } catch (error) {
    if (!hasBegun) throw error;
    if (!closed.signal.aborted) logger.error({ err: error }, "an export broke off");
    // Without chunks, an end in order would look like the end of a whole export.
    if (isChunked) response.destroy();
    else response.socket?.resetAndDestroy();
  } finally {
    await chunks.return(undefined);
  }
}
