import { LRUCache } from "lru-cache";
import type { Message } from "./sink.js";

/** How long a message that was rendered for one subscriber serves others. */
const freshMilliseconds = 5_000;
/** Of all messages that are kept together. */
const mostBytes = 16 * 1024 * 1024;
/** Bytes that an entry takes beside its message. */
const entryBytes = 500;

interface Rendered {
  /** Undefined where there is nothing left to tell of. */
  readonly message: Message | undefined;
}

/**
 * Messages of all groups that were rendered just now. Hundreds may come back at once after a restart and miss
 * the same entries: they share them.
 */
export class RenderedMessages {
  private readonly rendering = new Map<string, Promise<Message | undefined>>();
  private readonly kept = new LRUCache<string, Rendered>({
    maxSize: mostBytes,
    sizeCalculation: ({ message }) => entryBytes + (message?.json.length ?? 0),
    ttl: freshMilliseconds,
  });

  /** @param key of those who are told the same, and of the entry */
  async once(key: string, render: () => Promise<Message | undefined>): Promise<Message | undefined> {
    const kept = this.kept.get(key);
    if (kept !== undefined) return kept.message;
    const rendering = this.rendering.get(key) ?? this.begin(key, render);
    return await rendering;
  }

  private async begin(key: string, render: () => Promise<Message | undefined>): Promise<Message | undefined> {
    const rendering = render();
    this.rendering.set(key, rendering);
    try {
      const message = await rendering;
      this.kept.set(key, { message });
      return message;
    } finally {
      this.rendering.delete(key);
    }
  }
}
