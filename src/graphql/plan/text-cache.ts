import { LRUCache } from "lru-cache";

/** Characters of the texts whose values are kept: with its plan, a document takes about 90 bytes for each. */
export const mostCharacters = 300_000;
/** The value of a longer text is made anew each time. */
const longestText = 50_000;
/** Keys of texts that came once. */
const mostSeen = 2_000;

/**
 * Keeps what is made of clients' texts, when a text comes for the second time: a client that writes values
 * into its texts sends each of them once, and would fill the memory with what nobody asks for again.
 */
export class TextCache<Value extends object> {
  private readonly seen = new LRUCache<string, true>({ max: mostSeen });
  private readonly kept = new LRUCache<string, Value>({
    maxSize: mostCharacters,
  });

  get(key: string): Value | undefined {
    return this.kept.get(key);
  }

  /**
   * @param key of the text: short, or the text itself
   * @param length of the text in characters
   */
  set(key: string, value: Value, length: number): void {
    if (length > longestText) return;
    if (this.seen.has(key)) this.kept.set(key, value, { size: Math.max(1, length) });
    else this.seen.set(key, true);
  }
}
