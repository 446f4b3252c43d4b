import { createCipheriv, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { BadInputError, CursorExpiredError } from "../errors.js";
import type { FeedPlace } from "../events/feed-place.js";
import type { Position } from "../store/readers/page.js";

const signatureBytes = 12;
/** AES's block. */
const vectorBytes = 16;
const positionBytes = 8;
const epochBytes = 8;

/**
 * Cursors: opaque to clients, signed, so that one that was changed, or made for another list, is refused. The
 * key is the same on all instances and lives in the database, so cursors outlive restarts.
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
   * A place in the feed of all organizations: encrypted, or its position would tell how much the others do.
   * An event has the same cursor on all instances, so what is unique to the place begins the key stream.
   */
  encodeFeed({ position, epoch }: FeedPlace): string {
    const plain = Buffer.alloc(positionBytes + epochBytes);
    plain.writeBigUInt64BE(BigInt(position));
    plain.write(epoch, positionBytes, "hex");
    const vector = Buffer.concat([this.sign("feed position", plain)], vectorBytes);
    const hidden = Buffer.concat([vector, this.hide(vector, plain)]);
    return Buffer.concat([this.sign("feed", hidden), hidden]).toString("base64url");
  }

  /**
   * @throws BadInputError naming `after`
   * @throws CursorExpiredError where the cursor was made before there were epochs
   */
  decodeFeed(cursor: string): FeedPlace {
    const hidden = this.open("feed", cursor, "after");
    if (hidden.length !== vectorBytes + positionBytes + epochBytes) throw new CursorExpiredError();
    const plain = this.hide(hidden.subarray(0, vectorBytes), hidden.subarray(vectorBytes));
    return { position: Number(plain.readBigUInt64BE()), epoch: plain.toString("hex", positionBytes) };
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
