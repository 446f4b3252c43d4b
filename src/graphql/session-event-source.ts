import type { FeedKind } from "../events/registry.js";
import type { Interest } from "../feed/group.js";
import type { FeedPlace } from "../events/feed-place.js";
import { noFilter } from "../store/readers/filter.js";
import type { Scope } from "../store/readers/scope.js";
import { checkSessionFilter } from "../store/readers/session-filter.js";
import type { CursorCodec } from "./cursors.js";
import type { SessionFilter } from "./inputs/filters.input.js";

/**
 * What a subscription's resolver answers: which events are wanted, since when. GraphQL asks for a stream;
 * ours is never read as one, because events are made once for many subscribers and pushed (see
 * live-operations.ts).
 */
export class WantedEvents implements AsyncIterable<never> {
  constructor(
    readonly interest: Interest,
    /** Resume after this place; from now on where undefined. */
    readonly after: FeedPlace | undefined,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<never> {
    throw new Error("Session events are pushed, not pulled.");
  }
}

/** Understands what subscribers ask for. */
export class SessionEventSource {
  /** @param isSearched whether filters may search for words */
  constructor(
    private readonly cursors: CursorCodec,
    private readonly isSearched: boolean,
  ) {}

  /**
   * @throws ForbiddenError where the filter asks for what is withheld from the caller
   * @throws BadInputError where `after` is no cursor of the feed, or nothing could be asked by the filter
   */
  want(
    scope: Scope,
    kinds: readonly FeedKind[],
    { filter, after }: { readonly filter?: SessionFilter | null; readonly after?: string | null },
  ): WantedEvents {
    // What is wrong with it is told now, not when the first event comes.
    checkSessionFilter(scope, filter ?? noFilter, this.isSearched);
    const place = after === null || after === undefined ? undefined : this.placeOf(after);
    return new WantedEvents({ scope, kinds, filter: filter ?? noFilter }, place);
  }

  /**
   * @throws BadInputError where it is no cursor of the feed
   * @throws CursorExpiredError where it is one of a form that is served no more
   */
  placeOf(cursor: string): FeedPlace {
    return this.cursors.decodeFeed(cursor);
  }

  cursorOf(place: FeedPlace): string {
    return this.cursors.encodeFeed(place);
  }
}
