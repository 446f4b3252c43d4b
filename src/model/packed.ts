import { promisify } from "node:util";
import { deflate, deflateSync, inflateSync } from "node:zlib";

/** Smallest of those levels that take the least time: JSON of a session becomes a fifth. */
const level = 3;
/** More is compressed off the event loop. */
export const longestAtOnce = 256 * 1024;

const deflateElsewhere = promisify(deflate);

/**
 * Compresses bytes for their column. The format is that of MySQL's `COMPRESS()`, so that `UNCOMPRESS()` shows
 * them on a server: the length in four bytes, the least first, then zlib's stream; of nothing, nothing.
 */
export async function pack(bytes: Buffer): Promise<Buffer> {
  if (bytes.length <= longestAtOnce) return packAtOnce(bytes);
  return joined(bytes, await deflateElsewhere(bytes, { level }));
}

/** The same, however long they are. */
export function packAtOnce(bytes: Buffer): Buffer {
  return bytes.length === 0 ? bytes : joined(bytes, deflateSync(bytes, { level }));
}

/** The bytes that were packed. */
export function unpack(packed: Buffer): Buffer {
  return packed.length === 0 ? packed : inflateSync(packed.subarray(4));
}

function joined(bytes: Buffer, stream: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, stream]);
}
