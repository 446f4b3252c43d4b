import { once } from "node:events";
import { type Request, type Response, Router } from "express";
import { coerceInputValue, type GraphQLInputType, type GraphQLSchema } from "graphql";
import type { Gate } from "../access/gate.js";
import { BadInputError } from "../errors.js";
import type { CursorCodec } from "../graphql/cursors.js";
import type { Logger } from "../logger.js";
import type { ExportChunk, ExportRequest, SessionExport } from "./session-export.js";

export interface ExportParts {
  readonly sessions: SessionExport;
  readonly schema: GraphQLSchema;
  readonly cursors: CursorCodec;
  readonly gate: Pick<Gate, "callerOf">;
  readonly logger: Logger;
}

const list = "export";

/**
 * `/export/sessions.ndjson` and `.csv`: all sessions that match `filter` (JSON in the shape of the GraphQL input SessionFilter), as one
 * stream. The trailer `X-Export-Cursor` holds the cursor of the last session sent; `after=` it, and the export goes on there. A
 * stream that breaks off has no trailer: resume from an earlier cursor, or begin again. `pageCursors=true` puts a line
 * `{"cursor": …}` after each page of NDJSON, for resuming a stream that broke off.
 */
export function exportRouter(parts: ExportParts): Router {
  const router = Router();
  router.get("/export/sessions.ndjson", async (request, response) => {
    const asked = read(request, parts);
    const withCursors = request.query.pageCursors === "true";
    response.type("application/x-ndjson");
    await send(response, parts, parts.sessions.ndjson(asked), withCursors);
  });
  router.get("/export/sessions.csv", async (request, response) => {
    const asked = read(request, parts);
    response.type("text/csv").setHeader("Content-Disposition", 'attachment; filename="sessions.csv"');
    await send(response, parts, parts.sessions.csv(asked), false);
  });
  return router;
}

/** @throws BadInputError naming the parameter and the rule */
function read(request: Request, { schema, cursors, gate }: ExportParts): ExportRequest {
  const { filter, after } = request.query;
  return {
    scope: gate.callerOf(request).scope,
    filter: filter === undefined ? {} : readFilter(filter, schema),
    after: after === undefined ? undefined : cursors.decode(list, textOf(after, "after"), "after"),
  };
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

async function send(
  response: Response,
  { cursors, logger }: ExportParts,
  chunks: AsyncGenerator<ExportChunk>,
  withCursors: boolean,
): Promise<void> {
  const closed = new AbortController();
  response.once("close", () => {
    closed.abort();
  });
  let cursor = "";
  try {
    // What is refused (a filter too deep, say) is refused before the first byte.
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (!response.headersSent) response.setHeader("Trailer", "X-Export-Cursor");
      if (next.done === true || closed.signal.aborted) break;
      const { text, position } = next.value;
      if (position.length > 0) cursor = cursors.encode(list, position);
      const line = withCursors ? `${JSON.stringify({ cursor })}\n` : "";
      if (!response.write(`${text}${line}`)) await once(response, "drain", { signal: closed.signal });
    }
    response.addTrailers({ "X-Export-Cursor": cursor });
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    if (!closed.signal.aborted) logger.error({ err: error }, "an export broke off");
    response.destroy();
  } finally {
    await chunks.return(undefined);
  }
}
