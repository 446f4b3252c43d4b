import { LRUCache } from "lru-cache";
import { type Caller, localCaller } from "../../access/caller.js";
import { RateLimitedError } from "../../errors.js";

const minute = 60_000;
const mostCallers = 10_000;
/** Milliseconds; what people write takes less, and is not counted. */
const short = 2;

/**
 * How long texts of operations take to parse and to validate, for each caller within a minute. Nothing is
 * known of a text before, so this is the one cost that is counted afterwards: some texts of a few kilobytes
 * take most of a second, and nobody else is served meanwhile.
 */
export class ReadingTime {
  private readonly spent = new LRUCache<string, number>({
    max: mostCallers,
    ttl: minute,
    noUpdateTTL: true,
  });

  /** @param mostMilliseconds of a caller within a minute */
  constructor(private readonly mostMilliseconds: number) {}

  /** @throws RateLimitedError where the caller's texts took too long already */
  demandTime({ id }: Caller): void {
    if ((this.spent.get(id) ?? 0) < this.mostMilliseconds) return;
    const seconds = Math.max(1, Math.ceil(this.spent.getRemainingTTL(id) / 1_000));
    throw new RateLimitedError(
      "The texts of operations took too long to validate: send fewer of them, shorter ones, or the same ones with variables.",
      seconds,
      "validation",
    );
  }

  took(caller: Caller, milliseconds: number): void {
    if (caller === localCaller || milliseconds <= short) return;
    this.spent.set(caller.id, (this.spent.get(caller.id) ?? 0) + milliseconds);
  }
}
