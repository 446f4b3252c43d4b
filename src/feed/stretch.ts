import type { FeedPlace } from "../events/feed-place.js";
import type { FeedEntry } from "../store/readers/feed.reader.js";

/** A stretch of the feed that was read once, for all groups that come by. */
export class Stretch {
  private readonly matching = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(
    /** It holds all entries after this position… */
    readonly after: FeedPlace,
    /** …up to this one. */
    readonly reached: FeedPlace,
    readonly entries: readonly FeedEntry[],
  ) {}

  /** Whether one who has been told everything up to there goes on here. */
  continues({ position }: FeedPlace): boolean {
    return this.after.position <= position && position < this.reached.position;
  }

  /**
   * Which sessions match an interest: asked once for all groups that share it, and again only where that
   * failed.
   */
  async matchingOnce(
    interestKey: string,
    ask: () => Promise<ReadonlySet<string>>,
  ): Promise<ReadonlySet<string>> {
    const known = this.matching.get(interestKey);
    if (known !== undefined) return await known;
    const matching = ask();
    this.matching.set(interestKey, matching);
    matching.catch(() => this.matching.delete(interestKey));
    return await matching;
  }
}
