import { promisify } from "node:util";
import { deflate, deflateSync, inflateSync } from "node:zlib";
import type { RawEvent, WebhookEventRow } from "../model/webhook-event.js";

/** Smallest of those levels that take the least time: JSON of a session becomes a fifth. */
const level = 3;
/** Larger bodies are compressed off the event loop. */
const longestAtOnce = 256 * 1024;

const deflateElsewhere = promisify(deflate);

/**
 * Compresses the bytes of a delivery for their column. The format is that of MySQL's `COMPRESS()`, so that
 * `UNCOMPRESS(body)` shows them on a server: the length in four bytes, the least first, then zlib's stream.
 */
export async function packBody(body: Buffer): Promise<Buffer> {
  const isShort = body.length <= longestAtOnce;
  const stream = isShort ? deflateSync(body, { level }) : await deflateElsewhere(body, { level });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, stream]);
}

/** The bytes that were packed. */
export function unpackBody(packed: Buffer): Buffer {
  return inflateSync(packed.subarray(4));
}

/** A row with its body as it was received. */
export function toRawEvent({ packedBody, ...row }: WebhookEventRow): RawEvent {
  return { ...row, body: unpackBody(packedBody) };
}
