import { unpackBody } from "../../src/store/raw-body.js";

/** The text in a column of bytes. The only such column holds bodies of raw events, compressed. */
export function plainBytes(value: Buffer): string {
  return unpackBody(value).toString();
}
