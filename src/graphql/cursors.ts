import { createCipheriv, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { BadInputError } from "../errors.js";
import type { Position } from "../store/readers/page.js";

const signatureBytes = 12;
/** AES's block. */
const vectorBytes = 16;
const positionBytes = 8;

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
    return JSON.parse(this.open(list, cursor, argument).toString()) as Position;
  }

  /** What a cursor of ours holds. */
  private open(list: string, cursor: string, argument: string): Buffer {
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
    return payload;
  }

  /**
   * A position in the feed of all organizations: encrypted, or its number would tell how much the others do. An event has the same
   * cursor on all instances, so what is unique to the position begins the key stream.
   */
  encodeFeed(position: number): string {
    const plain = Buffer.alloc(positionBytes);
    plain.writeBigUInt64BE(BigInt(position));
    const vector = Buffer.concat([this.sign("feed position", plain)], vectorBytes);
    const hidden = Buffer.concat([vector, this.hide(vector, plain)]);
    return Buffer.concat([this.sign("feed", hidden), hidden]).toString("base64url");
  }

  /** @throws BadInputError naming `after` */
  decodeFeed(cursor: string): number {
    const hidden = this.open("feed", cursor, "after");
    // Made before they were encrypted.
    if (hidden.length !== vectorBytes + positionBytes)
      return Number((JSON.parse(hidden.toString()) as Position)[0]);
    const plain = this.hide(hidden.subarray(0, vectorBytes), hidden.subarray(vectorBytes));
    return Number(plain.readBigUInt64BE());
  }

  /** Encrypts, and decrypts again. */
  private hide(vector: Buffer, bytes: Buffer): Buffer {
    const cipher = createCipheriv("aes-256-ctr", this.feedKey, vector);
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  }

  private sign(list: string, payload: Buffer): Buffer {
    return createHmac("sha256", this.key)
      .update(`${list}\0`)
      .update(payload)
      .digest()
      .subarray(0, signatureBytes);
  }
}
