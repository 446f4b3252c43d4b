/** A parsed JSON object. */
export type JsonObject = Record<string, unknown>;

/** Whether a parsed JSON value is an object: neither a list nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const byteOrderMark = "\uFEFF";

/** The JSON text of a raw body: what stands before it may be a byte order mark, which JSON.parse refuses. */
export function jsonTextOf(body: Buffer): string {
  const text = body.toString();
  return text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text;
}
