import type { Caller } from "../access/caller.js";
import type { Scope } from "../store/readers/scope.js";
import type { OperationReaders, Readers, ReaderSource } from "./readers.js";
import type { SessionEventSource } from "./session-event-source.js";

/**
 * What resolvers know of the request. Made anew for each operation, and for each event of a subscription (or
 * old rows would show).
 */
export class RequestContext {
  /** What the operation asks for beyond what could be weighed before it ran. */
  costBeyond = 0;

  constructor(
    readonly caller: Caller,
    readonly events: SessionEventSource,
    private readonly source: ReaderSource,
    private readonly reading: OperationReaders,
    /** For traces. */
    readonly transport?: string,
    /** The trace that the client has begun. */
    readonly traceparent?: string,
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
    return new RequestContext(caller, events, source, source.forSubscribers(caller.scope), this.transport);
  }

  /** The operation is answered: what is still asked for (a field beside one that failed) is not read. */
  end(): void {
    this.reading.end();
  }
}
