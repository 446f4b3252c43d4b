import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { BadInputError } from "../errors.js";
import type { Position } from "../store/readers/page.js";

const signatureBytes = 12;

/**
 * Cursors: opaque to clients, signed, so that one that was changed, or made for another list, is refused. The key is the same on all
 * instances and lives in the database, so cursors outlive restarts.
 */
export class CursorCodec {
  private readonly key: KeyObject;

  constructor(key: string) {
    this.key = createSecretKey(key, "utf8");
  }

  /** A position in a list; `list` names the list and its order, so that a cursor is valid in no other. */
  encode(list: string, position: Position): string {
    const payload = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.sign(list, payload), payload]).toString("base64url");
  }

  /** @throws BadInputError naming the argument */
  decode(list: string, cursor: string, argument: string): Position {
    const bytes = Buffer.from(cursor, "base64url");
    const payload = bytes.subarray(signatureBytes);
    const isOurs =
      bytes.length > signatureBytes &&
      bytes.toString("base64url") === cursor &&
      timingSafeEqual(bytes.subarray(0, signatureBytes), this.sign(list, payload));
    if (!isOurs) {
      throw new BadInputError(`${argument}: must be a cursor of this list in this order.`, [
        { field: argument, rule: "must be a cursor of this list in this order" },
      ]);
    }
    return JSON.parse(payload.toString()) as Position;
  }

  encodeFeed(position: number): string {
    return this.encode("feed", [position]);
  }

  decodeFeed(cursor: string): number {
    return Number(this.decode("feed", cursor, "after")[0]);
  }

  private sign(list: string, payload: Buffer): Buffer {
    return createHmac("sha256", this.key)
      .update(`${list}\0`)
      .update(payload)
      .digest()
      .subarray(0, signatureBytes);
  }
}
