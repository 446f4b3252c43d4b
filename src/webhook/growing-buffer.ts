/**
 * Collects chunks in one buffer: many small chunks take no more memory than their bytes, and the end needs no
 * copy.
 */
export class GrowingBuffer {
  private bytes: Buffer = Buffer.alloc(0);
  private used = 0;

  /** @param most no more bytes than these will come */
  constructor(private readonly most: number) {}

  get length(): number {
    return this.used;
  }

  /** The bytes of memory that are taken: up to twice the length. */
  get capacity(): number {
    return this.bytes.length;
  }

  add(chunk: Buffer): void {
    const length = this.used + chunk.length;
    // Most bodies come in one chunk.
    if (this.used === 0) this.bytes = chunk;
    else {
      if (length > this.bytes.length) this.grow(length);
      chunk.copy(this.bytes, this.used);
    }
    this.used = length;
  }

  toBuffer(): Buffer {
    return this.bytes.subarray(0, this.used);
  }

  private grow(least: number): void {
    const size = Math.max(least, Math.min(2 * this.bytes.length, this.most));
    const larger = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }
}
