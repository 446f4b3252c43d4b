import { createCipheriv, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { BadInputError } from "../errors.js";
import type { Position } from "../store/readers/page.js";

const signatureBytes = 12;
/** AES's block. */
const vectorBytes = 16;

/**
 * Cursors: opaque to clients, signed, so that one that was changed, or made for another list, is refused. The key is the same on all
 * instances and lives in the database, so cursors outlive restarts.
 */
export class CursorCodec {
  private readonly key: KeyObject;
  private readonly feedKey: KeyObject;

  constructor(key: string) {
    this.key = createSecretKey(key, "utf8");
    this.feedKey = createSecretKey(createHmac("sha256", this.key).update("feed cursors").digest());
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

  /** A position in the feed of all organizations: encrypted, or its number would tell how much the others do. */
  encodeFeed(position: number): string {
    const cursor = this.encode("feed", [position]);
    const bytes = Buffer.from(cursor, "base64url");
    const signature = bytes.subarray(0, signatureBytes);
    return Buffer.concat([signature, this.hide(signature, bytes.subarray(signatureBytes))]).toString(
      "base64url",
    );
  }

  /** @throws BadInputError naming `after` */
  decodeFeed(cursor: string): number {
    const bytes = Buffer.from(cursor, "base64url");
    const signature = bytes.subarray(0, signatureBytes);
    const payload = this.hide(signature, bytes.subarray(signatureBytes));
    const shown = Buffer.concat([signature, payload]).toString("base64url");
    const isCanonical = bytes.toString("base64url") === cursor;
    return Number(this.decode("feed", isCanonical ? shown : "", "after")[0]);
  }

  /** Encrypts, and decrypts again. The signature is that of the content, so no two contents share a key stream. */
  private hide(signature: Buffer, payload: Buffer): Buffer {
    const vector = Buffer.alloc(vectorBytes);
    signature.copy(vector);
    const cipher = createCipheriv("aes-256-ctr", this.feedKey, vector);
    return Buffer.concat([cipher.update(payload), cipher.final()]);
  }

  private sign(list: string, payload: Buffer): Buffer {
    return createHmac("sha256", this.key)
      .update(`${list}\0`)
      .update(payload)
      .digest()
      .subarray(0, signatureBytes);
  }
}
