import type { SessionEventKind } from "../events/session-event.js";
import type { Feed } from "../feed/feed.js";
import { refuseWithheld } from "../store/readers/mask.js";
import type { Scope } from "../store/readers/scope.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import type { CursorCodec } from "./cursors.js";
import type { SessionFilter } from "./inputs/filters.input.js";
import { type SessionEvent, SessionEventType } from "./types/session-event.type.js";

/** Turns the feed into what subscribers asked for. */
export class SessionEventSource {
  constructor(
    private readonly feed: Feed,
    private readonly sessions: SessionReader,
    private readonly cursors: CursorCodec,
  ) {}

  /**
   * @throws ForbiddenError where the filter asks for what is withheld from the caller
   * @throws BadInputError where `after` is no cursor of the feed
   * @throws CursorExpiredError, on the first event asked for, where it is older than the retention
   */
  subscribe(
    scope: Scope,
    kinds: readonly SessionEventKind[],
    { filter, after }: { readonly filter?: SessionFilter | null; readonly after?: string | null },
  ): AsyncIterableIterator<SessionEvent> {
    refuseWithheld(scope, filter);
    const position = after === null || after === undefined ? undefined : this.cursors.decodeFeed(after);
    const entries = this.feed.subscribe({ scope, kinds, after: position });
    const iterator: AsyncIterableIterator<SessionEvent> = {
      next: async () => {
        for (;;) {
          const result = await entries.next();
          if (result.done === true) return { done: true, value: undefined };
          const entry = result.value;
          const matching = await this.sessions.matchingIds(scope, filter ?? {}, [entry.sessionId]);
          if (!matching.has(entry.sessionId)) continue;
          const cursor = this.cursors.encodeFeed(entry.position);
          const { kind, receivedAt, sessionId } = entry;
          return { done: false, value: { cursor, type: SessionEventType[kind], receivedAt, sessionId } };
        }
      },
      return: async () => {
        await entries.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}
