import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { BadInputError, type FieldError } from "../errors.js";
import { parseInstant } from "./instant.js";

/** What stands around every Whippy event, whatever its type. */
export interface Envelope {
  /** The type, such as `conversation_agent_session.analyzed`. */
  readonly event: string;
  /** Whippy's id of the delivery. Whether it stays the same on a retry is unknown. */
  readonly requestId: string;
  readonly apiVersion: string | undefined;
  /** UTC instant; all three events of a session may share one, so it orders only events of one kind. */
  readonly createdAt: string | undefined;
  /** Not yet understood: each event's own schema reads it. */
  readonly data: Record<string, unknown>;
}

const printable = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must have no control characters");

const envelopeSchema = z.object({
  event: printable(100),
  request_id: printable(200),
  data: z.custom<Record<string, unknown>>(isJsonObject, "must be a JSON object"),
  api_version: printable(50).nullish(),
  created_at: z
    .string()
    .transform((text, context) => {
      const instant = parseInstant(text);
      if (instant === undefined) context.addIssue({ code: "custom", message: instantRule });
      return instant ?? z.NEVER;
    })
    .nullish(),
});

export const instantRule = "must be an ISO 8601 instant between the years 1000 and 9999";

/**
 * Reads the envelope of a delivery from its raw body.
 * @throws BadInputError where the body is no UTF-8, no JSON object, or no valid envelope; it names the field and the rule.
 */
export function parseEnvelope(body: Buffer): Envelope {
  const parsed = envelopeSchema.safeParse(parseJson(body));
  if (!parsed.success)
    throw new BadInputError("The body is not a valid event envelope.", fieldErrors(parsed.error));
  const { event, request_id, data, api_version, created_at } = parsed.data;
  return {
    event,
    requestId: request_id,
    data,
    apiVersion: api_version ?? undefined,
    createdAt: created_at ?? undefined,
  };
}

const byteOrderMark = Buffer.from("\uFEFF");

/** Refuses what is no UTF-8 instead of replacing it. */
function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) {
    throw new BadInputError("The body is not valid UTF-8.", [{ field: "body", rule: "must be UTF-8" }]);
  }
  const start = body.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8", start));
  } catch {
    throw new BadInputError("The body is not valid JSON.", [{ field: "body", rule: "must be JSON" }]);
  }
  if (!isJsonObject(value)) {
    throw new BadInputError("The body is not a JSON object.", [
      { field: "body", rule: "must be a JSON object" },
    ]);
  }
  return value;
}

function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Zod's issues as fields and rules, under a path such as `data`. */
export function fieldErrors(error: z.ZodError, under: readonly string[] = []): FieldError[] {
  return error.issues.slice(0, 10).map((issue) => ({
    field: [...under, ...issue.path.map(String)].join(".") || "body",
    rule: issue.message,
  }));
}
