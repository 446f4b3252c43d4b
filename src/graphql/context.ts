import type { GraphQLResolveInfo } from "graphql";
import DataLoader from "dataloader";
import type { Caller } from "../access/caller.js";
import type { Scope } from "../store/readers/scope.js";
import { Place } from "./plan/place.js";
import type { OperationReaders, Readers, ReaderSource } from "./readers.js";
import type { SessionEventSource } from "./session-event-source.js";

type LoadMany<Key, Value> = (keys: readonly Key[]) => Promise<readonly Value[]>;

/**
 * What resolvers know of the request. Made anew for each operation, and for each event of a subscription (or
 * old rows would show).
 */
export class RequestContext {
  /** What the operation asks for beyond what could be weighed before it ran. */
  costBeyond = 0;
  private readonly loaders = new Map<Place, DataLoader<unknown, unknown>>();

  constructor(
    readonly caller: Caller,
    readonly events: SessionEventSource,
    private readonly source: ReaderSource,
    private readonly reading: OperationReaders,
  ) {}

  get readers(): Readers {
    return this.reading.readers;
  }

  /** Whose data may be read: every reader demands it. */
  get scope(): Scope {
    return this.caller.scope;
  }

  /** For an event of a subscription: nothing is read yet, and what is read is told to others too. */
  renewed(): RequestContext {
    const { caller, events, source } = this;
    return new RequestContext(caller, events, source, source.forSubscribers(caller.scope));
  }

  /** The operation is answered: what is still asked for (a field beside one that failed) is not read. */
  end(): void {
    this.reading.end();
  }

  /**
   * Collects what one field of the operation asks for all parents, and reads it at once. The same nodes have
   * one selection and one set of arguments, so they are what a batch can share.
   * @param keyOf where keys are objects: what makes two of them the same
   */
  async load<Key, Value>(
    info: Pick<GraphQLResolveInfo, "fieldNodes">,
    key: Key,
    loadMany: LoadMany<Key, Value>,
    keyOf?: (key: Key) => string,
  ): Promise<Value> {
    const place = Place.of(info.fieldNodes);
    let loader = this.loaders.get(place) as DataLoader<Key, Value, unknown> | undefined;
    if (loader === undefined) {
      loader = new DataLoader<Key, Value, unknown>(
        loadMany,
        keyOf === undefined ? {} : { cacheKeyFn: keyOf },
      );
      this.loaders.set(place, loader);
    }
    return await loader.load(key);
  }
}
