import { unpack } from "../../src/model/packed.js";

/** The text in a column of bytes: all such columns are packed. */
export function plainBytes(value: Buffer): string {
  return unpack(value).toString();
}
