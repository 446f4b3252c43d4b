/**
 * What a random stream is for: streams of one seed never share a state, so that no two kinds of id can meet.
 */
export const RandomStream = { organizations: 1, contacts: 2, sessions: 3, order: 4, losses: 5 } as const;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const hexOf = (byte: number): string => HEX[byte & 255] ?? "";

const fourBytes = (word: number): string =>
  hexOf(word >>> 24) + hexOf(word >>> 16) + hexOf(word >>> 8) + hexOf(word);

/**
 * Repeatable randomness (the sfc32 generator): the same seed, stream and index give the same numbers on
 * every machine. Seed, stream and index are the start state itself, not a hash of it, so a million
 * sessions cannot collide by their seeding.
 */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, stream: number, index = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`A seed must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}.`);
    }
    this.a = seed | 0;
    // The upper half of a safe integer needs 21 bits: the stream stands above them.
    this.b = Math.floor(seed / 2 ** 32) | (stream << 24);
    this.c = index | 0;
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** The next 32 bits, as an unsigned integer. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** At least 0, less than 1. */
  float(): number {
    return this.next() / 2 ** 32;
  }

  /** An integer from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.float() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const index = Math.floor(this.float() * items.length);
    if (items.length === 0) throw new RangeError("Nothing to pick from.");
    return items[index] as T;
  }

  /** One of the values, each as likely as its weight says. */
  weighted<T>(entries: readonly (readonly [value: T, weight: number])[]): T {
    let rest = this.float() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of entries) {
      rest -= weight;
      if (rest < 0) return value;
    }
    throw new RangeError("The weights must be positive.");
  }

  /** A UUID in the format of version 4. */
  uuid(): string {
    const second = (this.next() & 0xffff0fff) | 0x4000;
    const third = (this.next() & 0x3fffffff) | 0x80000000;
    const head = `${fourBytes(this.next())}-${hexOf(second >>> 24)}${hexOf(second >>> 16)}`;
    const middle = `${hexOf(second >>> 8)}${hexOf(second)}-${hexOf(third >>> 24)}${hexOf(third >>> 16)}`;
    return `${head}-${middle}-${hexOf(third >>> 8)}${hexOf(third)}${fourBytes(this.next())}`;
  }
}
