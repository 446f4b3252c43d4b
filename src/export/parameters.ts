import type { Request } from "express";
import type { GraphQLSchema } from "graphql";
import { BadInputError, ServiceError } from "../errors.js";
import type { CursorCodec } from "../graphql/cursors.js";
import { isUuid } from "../model/uuid.js";
import type { Position } from "../store/readers/page.js";
import { readFilter } from "./filter-input.js";

/** The list that an export's cursors are of. */
export const list = "export";

/** The parameters of an export. */
export interface ExportParameters {
  readonly filter: object;
  readonly after: Position | undefined;
  readonly pageCursors: boolean;
}

/** The parameters as the client sent them. */
type Sent = Readonly<Partial<Record<string, unknown>>>;

interface Rules {
  readonly schema: GraphQLSchema;
  readonly cursors: CursorCodec;
  /** The parameters that there are. */
  readonly parameters: readonly string[];
}

/**
 * Rejects unknown parameters: a typo must never export everything.
 * @throws BadInputError naming the parameter and the rule
 */
export function readParameters(request: Request, { schema, cursors, parameters }: Rules): ExportParameters {
  const sent = request.method === "POST" ? fromBody(request) : fromUrl(request.query);
  for (const name of Object.keys(sent))
    if (!parameters.includes(name)) throw refusal(name, `is no parameter: ${parameters.join(", ")}`);
  const { filter, after, pageCursors } = sent;
  if (pageCursors !== undefined && typeof pageCursors !== "boolean")
    throw refusal("pageCursors", "must be true or false");
  return {
    filter: filter === undefined ? {} : readFilter(filter, schema),
    after: after === undefined ? undefined : readAfter(after, cursors),
    pageCursors: pageCursors ?? false,
  };
}

function fromUrl(query: Request["query"]): Sent {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      if (typeof value !== "string") throw refusal(name, "must be given once");
      if (name === "filter") return [name, parse(value)];
      const isSwitch = name === "pageCursors" && (value === "true" || value === "false");
      return [name, isSwitch ? value === "true" : value];
    }),
  );
}

/** A filter may be longer than a URL. */
function fromBody({ body, query }: Request): Sent {
  const [inUrl] = Object.keys(query);
  if (inUrl !== undefined) throw refusal(inUrl, "must be in the body");
  const sent: unknown = body;
  if (sent === undefined) {
    throw new ServiceError("Content-Type: must be application/json.", {
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
      logLevel: "info",
    });
  }
  if (typeof sent !== "object" || sent === null || Array.isArray(sent))
    throw refusal("body", "must be a JSON object");
  return sent as Sent;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw refusal("filter", "must be JSON");
  }
}

/** An export's order is that of the sessions' ids, so an id is a place in it. */
function readAfter(after: unknown, cursors: CursorCodec): Position {
  if (typeof after === "string") {
    if (isUuid(after)) return [after.toLowerCase()];
    try {
      return cursors.decode(list, after, "after");
    } catch {
      // The codec knows nothing of ids.
    }
  }
  throw refusal("after", "must be a cursor of an export, or a session's id");
}

function refusal(field: string, rule: string): BadInputError {
  return new BadInputError(`${field}: ${rule}.`, [{ field, rule }]);
}
